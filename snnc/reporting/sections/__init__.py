"""What each section of the page says, one module and one template each."""
