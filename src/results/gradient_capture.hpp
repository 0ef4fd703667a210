#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/timers.hpp"
#include "federation/simulation.hpp"
#include "h5/parallel_file.hpp"
#include "results/gradient_rows.hpp"

namespace medpfl {

/// Words of output.gradients.
std::vector<std::string> capture_policies();

/// Writes the messages of all hospitals to segment files in `folder`/gradients, each rank the rows of its
/// own hospitals, collectively through MPI-IO. Rows are ordered by round, hospital and probe, whatever
/// the number of ranks. A segment holds whole rounds, is closed when it reaches 64 MiB, and gets its
/// name only then: a file called segment-NNNNN.h5 is complete.
class GradientCapture final : public RoundObserver {
 public:
  /// `policy`: all | attacked. 
  GradientCapture(const Federation& federation, std::string folder, const std::string& policy,
                  PhaseTimers* timers);
  bool full() const { return open_ != nullptr; }
  void cut();
  void save(ByteWriter* out) const;
  void restore(ByteReader* in);
  void remove_unknown() const;

  void on_messages(const RoundPlan& plan, const FlatParameters& global,
                   const std::vector<Message>& mine) override;
  void on_round_end(const RoundPlan& plan, const RoundRecord& record,
                    const FlatParameters& global) override;
  /// Writes the images the captured gradients came from. Collective; after the last round.
  void finish();

  const GradientRows& rows() const { return rows_; }                      ///< on rank 0
  const std::vector<GradientSegment>& segments() const { return segments_; }
  /// Training positions of the rows of gradients/images.h5, ascending; set by finish().
  const std::vector<int64_t>& image_positions() const { return image_positions_; }

  static constexpr const char* kImagesFile = "gradients/images.h5";

 private:
  bool captured(const RoundPlan& plan, size_t index) const {
    return !attacked_only_ || plan.attacked[index];
  }
  int64_t rows_of(const RoundPlan& plan) const;
  int64_t row_in_round(const RoundPlan& plan, const Message& message) const;
  void open_segment(const RoundPlan& first);
  void collect_rows(const std::vector<Message>& mine, const std::vector<int64_t>& rows);

  const Federation& f_;
  std::string folder_;
  bool attacked_only_;
  PhaseTimers* timers_;
  std::unique_ptr<h5::ParallelFile> open_;
  int64_t segment_rows_ = 0;      // of the open segment
  int64_t round_first_row_ = 0;   // within the open segment
  int64_t segment_last_round_ = 0;
  int64_t segment_first_row_ = 0;  // within all rows
  GradientRows rows_;
  std::vector<GradientSegment> segments_;
  std::vector<bool> hospital_captured_;
  std::vector<int64_t> image_positions_;
};

}  // namespace medpfl
