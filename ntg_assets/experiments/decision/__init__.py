"""From readouts to a decision by written rules, with a receipt."""
