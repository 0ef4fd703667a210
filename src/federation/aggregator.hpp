#pragma once
#include <cstdint>
#include <memory>

#include "core/flat_parameters.hpp"
#include "core/timers.hpp"
#include "federation/federation.hpp"
#include "federation/message.hpp"
#include "federation/round_plan.hpp"

namespace medpfl {

/// How the server makes one update of those of a round. It asks for nothing of a hospital but the
/// update it sends, with its loss.
class Aggregator {
 public:
  virtual ~Aggregator() = default;
  /// Begins a round and forgets the one before. Collective. Throws AgreedError, before anything is
  /// trained for nothing, where too few updates will arrive.
  virtual void begin_round(const RoundPlan& plan) = 0;
  /// Takes the update of plan.clients[index], which this rank hosts and whose update arrives.
  /// Throws NumericError on what cannot be taken.
  virtual void add(size_t index, const Message& update) = 0;
  /// Fills `combined` with the one update on rank 0 and returns the mean training loss there; on
  /// other ranks both are undefined. Collective, once a round.
  virtual double combine(FlatParameters* combined) = 0;
  /// Returns how many bytes hospitals and server send each other in a round, besides the weights
  /// and in float32.
  virtual int64_t bytes(const RoundPlan& plan) const = 0;
};

/// Returns the weighted mean: each update weighs by the images behind it, added up as
/// settings.sum says, and under settings.secure_aggregation behind masks. Both arguments must
/// outlive it.
std::unique_ptr<Aggregator> make_aggregator(const Federation& federation, PhaseTimers* timers);

}  // namespace medpfl
