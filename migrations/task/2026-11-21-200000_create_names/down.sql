DROP TABLE settings, saved_filters, tags, categories;
