#pragma once
#include <cstdint>
#include <string>

namespace medpfl {

/// The values of section [federation], and `delta` of [defense].
struct FederationSettings {
  std::string algorithm = "fedavg";  ///< name in the algorithms' table
  bool sends_gradients = false;      ///< as that table says of it
  int64_t clients = 4;               ///< hospitals
  int64_t rounds = 1;
  double sampling = 1;       ///< share of hospitals that take part in a round, (0, 1]
  int64_t local_epochs = 1;  ///< passes over the shard in a round (fedavg)
  int64_t batch_size = 1;    ///< images; 0: the whole shard
  double learning_rate = 0.1;
  double server_learning_rate = 1;
  std::string server_optimizer = "sgd";  ///< server_optimizer_names()
  double server_momentum = 0.9;          ///< of momentum; first moment of adam and yogi
  double server_beta2 = 0.99;            ///< second moment of adam and yogi
  double server_tau = 1e-3;              ///< adaptivity of adam and yogi
  int64_t state_memory = 1024;           ///< MiB of hospitals' states a rank keeps in memory
  std::string sum = "exact";             ///< how updates are added up: update_sum_names()
  double dropout = 0;                    ///< probability that an update does not arrive
  bool secure_aggregation = false;       ///< the server gets the sum of masked updates alone
  double secure_threshold = 0.5;         ///< more than this share of updates must arrive then
  bool dedicated_server = false;         ///< rank 0 hosts no hospitals
  double delta = 1e-5;                   ///< at which epsilon of whole updates is told
  int64_t evaluate_every = 1;            ///< rounds between evaluations; 0: only at the end
};

}  // namespace medpfl
