-- gorgon: expand
-- +goose Up
ALTER TABLE entries ADD COLUMN note text NOT NULL DEFAULT '';
