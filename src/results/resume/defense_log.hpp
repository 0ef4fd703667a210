#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "comm/communicator.hpp"
#include "core/archive.hpp"
#include "federation/round_loop.hpp"

namespace medpfl {

/// Records what each defense of the chain did to each update. Rows are complete on rank 0, ordered
/// by round, hospital and place in the chain.
class DefenseLog final : public RoundObserver {
 public:
  struct Row {
    int64_t round = 0, client = 0, defense = 0;  ///< defense: place in the chain
    DefenseReport report;

    /// Names its fields; see Archive.
    template <class Fields>
    void keep(Fields& f) {
      f("round", &round);
      f("client", &client);
      f("defense", &defense);
      f("report", &report);
    }
  };

  /// Both arguments must outlive this object; the chain must not be empty.
  DefenseLog(const Communicator& comm, const DefenseChain& chain) : comm_(comm), chain_(chain) {}

  void on_messages(const RoundPlan& plan, const FlatParameters& global,
                   const std::vector<Message>& mine) override;
  void on_round_end(const RoundPlan& plan, const RoundRecord& record,
                    const FlatParameters& mean) override;

  const DefenseChain& chain() const { return chain_; }
  const std::vector<Row>& rows() const { return rows_; }
  /// Returns how many bytes the updates of the round that just ended save over float32.
  int64_t saved_bytes() const { return saved_bytes_; }

  /// Writes or reads the rows; on rank 0.
  void keep(Archive& a) {
    a.version(1);
    a.table("rows", &rows_);
  }

 private:
  const Communicator& comm_;
  const DefenseChain& chain_;
  std::vector<Row> rows_, of_round_;
  int64_t saved_bytes_ = 0;
};

}  // namespace medpfl
