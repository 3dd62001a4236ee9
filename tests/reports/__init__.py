"""Programs of the kind that public reports show, written blind and labelled by torch."""
