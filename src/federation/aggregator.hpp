#pragma once
#include <cstdint>
#include <memory>

#include "core/flat_parameters.hpp"
#include "core/timers.hpp"
#include "federation/federation.hpp"
#include "federation/message.hpp"
#include "federation/round_plan.hpp"

namespace medpfl {

/// Combines the updates of a round into one on the server. Of a hospital the aggregator uses
/// nothing but the update it sends, with its loss.
class Aggregator {
 public:
  virtual ~Aggregator() = default;
  /// Begins a round and forgets the one before. Collective. Throws AgreedError, before any hospital
  /// trains, where too few updates will arrive.
  virtual void begin_round(const RoundPlan& plan) = 0;
  /// Adds the update of hospital plan.clients[index], which this rank hosts and whose update
  /// arrives. Throws NumericError on values that cannot be added up.
  virtual void add(size_t index, const Message& update) = 0;
  /// Fills `combined` with the combined update and returns the mean training loss in nats, on rank
  /// 0; on other ranks both are undefined. Collective, once a round.
  virtual double combine(FlatParameters* combined) = 0;
  /// Returns how many bytes hospitals and server send each other in a round, the weights excepted,
  /// if updates are float32.
  virtual int64_t bytes(const RoundPlan& plan) const = 0;
};

/// Returns the aggregator of a run: the mean of the updates, weighted by the images behind each,
/// added up as settings.sum says, and under settings.secure_aggregation behind masks. Both
/// arguments must outlive the aggregator.
std::unique_ptr<Aggregator> make_aggregator(const Federation& federation, PhaseTimers* timers);

}  // namespace medpfl
