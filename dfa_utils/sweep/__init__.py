"""A notebook times a grid of parameters, on one machine or on a cluster that Dask knows."""
