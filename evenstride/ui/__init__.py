"""The browser app: pages (a module with a function `page()`), components, and the jobs behind them."""
