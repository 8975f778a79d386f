# OpenBao beside the license server on one machine, on a network that leads nowhere. Between machines it needs TLS.
ui           = false
api_addr     = "http://openbao:8200"
cluster_addr = "http://127.0.0.1:8201"

storage "raft" {
  path    = "/var/lib/openbao"
  node_id = "openbao"
}

listener "tcp" {
  address         = "0.0.0.0:8200"
  cluster_address = "127.0.0.1:8201"
  tls_disable     = true
}
