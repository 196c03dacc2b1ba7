"""The reference interpreter of every level, and the decoder that reads an image back."""
