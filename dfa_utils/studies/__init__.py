"""What single chapters compute and judge: a module for each, named after its question."""
