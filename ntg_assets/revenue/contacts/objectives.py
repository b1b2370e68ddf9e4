"""What strategies go by that is more than one column of the candidates."""

PERSUADABILITY = "persuadability"
WIN_BACK = "win_back"
FOR_PROFIT = ("expected_profit", PERSUADABILITY, WIN_BACK)
