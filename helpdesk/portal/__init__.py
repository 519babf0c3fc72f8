"""The customer's doors: submit form and tracker."""
