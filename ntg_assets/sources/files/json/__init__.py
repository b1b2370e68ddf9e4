"""Files of JSON, and JSON inside of other files: documents, keys, texts."""
