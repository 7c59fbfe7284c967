"""The browser app: ``streamlit run app.py``. Spawned processes import this file again, so it does nothing else."""

if __name__ == "__main__":
    from evenstride.ui.pages import main

    main()
