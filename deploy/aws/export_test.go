package aws

// Stack is the site's, for tests.
var Stack = stack
