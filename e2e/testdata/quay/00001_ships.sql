-- +goose Up
CREATE TABLE ships (id integer PRIMARY KEY, name text NOT NULL, berth text);
