"""Beyond the study: measurements that answer the questions it leaves open."""
