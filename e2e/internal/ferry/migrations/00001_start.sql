-- +goose Up
CREATE TABLE numbers (id bigint PRIMARY KEY, number bigint NOT NULL);
INSERT INTO numbers (id, number) VALUES (1, 1), (2, 1), (3, 1), (4, 1);
CREATE TABLE letters (n bigint NOT NULL, build text NOT NULL);
CREATE TABLE ticks (build text NOT NULL);
CREATE TABLE entries (words text NOT NULL);
