"""What leaves the working store: a read copy, Parquet, JSON, figures,
the brief, and a manifest that ends them.
"""
