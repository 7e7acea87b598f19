COMMENT ON TABLE preferences IS 'How each user wants to be reminded; a row appears with the user''s first task that has the default reminder, so that it can be locked.';
