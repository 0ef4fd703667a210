#pragma once
#include <cstdint>
#include <vector>

#include "core/flat_parameters.hpp"
#include "core/timers.hpp"
#include "federation/federation.hpp"
#include "federation/message.hpp"

namespace medpfl {

class RowStore;

/// Plays the turns of the hospitals that this rank hosts, one after another.
class ClientTurns {
 public:
  /// `kept` holds what the defenses keep of the hospitals from round to round; null where they keep
  /// nothing. All arguments must outlive this object.
  ClientTurns(const Federation& federation, RowStore* kept, PhaseTimers* timers);

  /// Plays the turn of hospital plan.clients[index], which this rank hosts. Returns the messages
  /// that the hospital sends for the model it `received`: its update and, where that arrives, its
  /// probes. Throws NumericError where training diverges.
  std::vector<Message> play_turn(const RoundPlan& plan, size_t index,
                                 const FlatParameters& received);

 private:
  Message new_message(const RoundPlan& plan, const Client& client, int64_t probe) const;
  Message train(const RoundPlan& plan, const Client& client, const FlatParameters& received);
  Message probe(const RoundPlan& plan, const Client& client, const FlatParameters& received,
                int64_t number, const std::vector<int64_t>& images);
  void defend(const Client& client, const FlatParameters& received, std::vector<float>* state,
              Message* message);

  const Federation& f_;
  RowStore* kept_;
  PhaseTimers* timers_;
  FlatParameters work_;  // scratch of training
};

}  // namespace medpfl
