"""One file per format of image files: what each holds, in the words of FITS, and one plane of it as an array."""
