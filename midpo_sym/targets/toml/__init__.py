"""The specification that `midpo new` writes."""
