"""Components that are no plain elliptical profiles, one file per kind."""
