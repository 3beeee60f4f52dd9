// What each planned type costs: an item of plan/prices.json, or nothing.

package gcp_test

// costs are the words that items of prices begin with, by planned type; "" is free.
var costs = map[string]string{}
