package lambda

// Request is for fuzzing.
var Request = request
