#pragma once
#include <cstdint>
#include <string>

#include "comm/sum_kind.hpp"
#include "core/words.hpp"

namespace medpfl {

/// How the server moves the global model along the mean update (server_optimizer.hpp).
enum class ServerOptimizerKind { kSgd, kMomentum, kAdam, kYogi };
const Words<ServerOptimizerKind>& words_of(ServerOptimizerKind);

/// The values of section [federation], and `delta` of [defense].
struct FederationSettings {
  std::string algorithm = "fedavg";  ///< name in the algorithms' table
  bool sends_gradients = false;      ///< whether that algorithm's messages are gradients
  int64_t clients = 4;               ///< number of hospitals
  int64_t rounds = 1;
  double sampling = 1;       ///< share of hospitals that take part in a round, (0, 1]
  int64_t local_epochs = 1;  ///< passes over the shard in a round, for algorithms of several steps
  int64_t batch_size = 1;    ///< images of a local step; 0: the whole shard
  double learning_rate = 0.1;
  double server_learning_rate = 1;
  ServerOptimizerKind server_optimizer = ServerOptimizerKind::kSgd;
  double server_momentum = 0.9;     ///< b1 of ServerOptimizer
  double server_beta2 = 0.99;       ///< b2 of ServerOptimizer
  double server_tau = 1e-3;         ///< tau of ServerOptimizer
  int64_t state_memory = 1024;      ///< most MiB of hospitals' states in memory on a rank
  SumKind sum = SumKind::kExact;    ///< how updates are added up
  double dropout = 0;               ///< probability that an update does not arrive
  bool secure_aggregation = false;  ///< whether the server sees only the sum of updates
  double secure_threshold = 0.5;    ///< under it, more than this share of updates must arrive
  bool dedicated_server = false;    ///< whether rank 0 hosts no hospitals
  double delta = 1e-5;              ///< the delta for which epsilon of updates is reported
  int64_t evaluate_every = 1;       ///< rounds between evaluations; 0: only at the end
};

}  // namespace medpfl
