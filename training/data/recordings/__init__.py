"""Recordings of event cameras and microphones, as the steps of a network take them."""
