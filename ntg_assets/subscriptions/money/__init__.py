"""What contracts bring: value, monthly revenue and its waterfall, cash, cost of acquisition."""
