"""Containers: one file for each format of image files, all read as rows of HDUs in the words of FITS."""
