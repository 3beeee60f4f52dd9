package database

import _ "github.com/pressly/goose/v3"
