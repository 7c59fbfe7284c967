"""The browser app: ``streamlit run app.py``. Processes that are spawned import this file again, so it does nothing else."""

if __name__ == "__main__":
    from evenstride.ui.pages import main

    main()
