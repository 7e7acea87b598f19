DROP TABLE search_words;
DROP TABLE search_postings;
DROP TABLE search_documents;
