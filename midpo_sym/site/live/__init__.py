"""What moves on pages: plots, graphs, and the code behind them."""
