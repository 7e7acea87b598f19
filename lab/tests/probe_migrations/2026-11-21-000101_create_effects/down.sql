DROP TABLE counters; DROP TABLE effects;
