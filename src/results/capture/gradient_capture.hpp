#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/bytes.hpp"
#include "core/timers.hpp"
#include "federation/round_loop.hpp"
#include "h5/parallel_file.hpp"
#include "results/capture/capture_policy.hpp"
#include "results/capture/gradient_rows.hpp"

namespace medpfl {

/// Records the messages of hospitals in segment files in `folder`/gradients. Each rank writes the
/// rows of its own hospitals to a file that all share through MPI-IO. Rows are ordered by round,
/// hospital and probe, whatever the number of ranks and wherever segments are cut. A segment holds
/// whole rounds and gets its name only when it is closed: a file called segment-NNNNN.h5 is
/// complete.
class GradientCapture final : public RoundObserver {
 public:
  /// Makes the folder. Collective. Throws AgreedError where output.layers names no tensor or the
  /// folder cannot be made.
  GradientCapture(const Federation& federation, std::string folder, CapturePolicy policy,
                  PhaseTimers* timers);

  void on_messages(const RoundPlan& plan, const FlatParameters& global,
                   const std::vector<Message>& mine) override;
  void on_round_end(const RoundPlan& plan, const RoundRecord& record,
                    const FlatParameters& mean) override;

  /// Whether the open segment has reached kSegmentBytes; to be asked after a round. The answer is
  /// the same on all ranks.
  bool full() const;
  /// Closes and publishes the open segment if it holds rows, so that all rows are in closed
  /// segments; a later round opens the next one. Collective, after a round.
  void cut();
  /// Calls cut() and writes the images that the recorded messages came from. Collective; after the
  /// last round.
  void finish();

  /// Writes all that is needed to go on, on rank 0 after cut(); or reads it on every rank, on any
  /// number of ranks. Reading throws OutputError on rank 0 where a segment is missing.
  void keep(Archive& a);
  /// Removes from `folder`/gradients the files written after the state that was restored, which
  /// run.h5 must not show any more. On rank 0.
  void remove_unknown() const;

  const CapturePolicy& policy() const { return policy_; }
  const std::vector<CapturedLayer>& layers() const { return layers_; }
  const GradientRows& rows() const { return rows_; }  ///< on rank 0
  int64_t overflowed() const {
    return overflowed_;
  }  ///< finite values recorded as infinity; on rank 0
  const std::vector<GradientSegment>& segments() const { return segments_; }
  /// Returns the positions in the training split of the rows of gradients/images.h5, ascending; set
  /// by finish().
  const std::vector<int64_t>& image_positions() const { return image_positions_; }
  /// Returns the h5::row_checksum of each of these rows, on rank 0; set by finish().
  const std::vector<int64_t>& image_checksums() const { return image_checksums_; }

  static constexpr const char* kImagesFile = "gradients/images.h5";
  static constexpr int64_t kSegmentBytes = int64_t{64} << 20;

 private:
  template <class T>
  std::vector<int64_t> write(const std::vector<const Message*>& messages,
                             const std::vector<int64_t>& rows);
  void make_room(const RoundPlan& plan);
  void note_failure(const std::function<void()>& step);
  void note(const Message& message, int64_t row, int64_t checksum);
  void receive_notes(int64_t round);
  template <class Pixel>
  void write_images();
  template <class Pixel>
  void receive_image_checksums(const std::vector<int64_t>& rows,
                               const std::vector<const Pixel*>& data);

  const Federation& f_;
  std::string folder_;
  CapturePolicy policy_;
  PhaseTimers* timers_;
  std::vector<CapturedLayer> layers_;
  std::unique_ptr<h5::ParallelFile> open_;
  int64_t closed_rows_ = 0, open_rows_ = 0;  // of whole rounds
  int64_t round_ = -1;                       // the round that room was made for
  std::vector<int64_t> first_row_;           // of each hospital of that round, within it
  ByteWriter notes_;                         // on this rank's rows of the round, for rank 0
  int64_t round_overflowed_ = 0;
  std::string failure_;  // of this rank in the round
  GradientRows rows_;
  int64_t overflowed_ = 0;
  std::vector<GradientSegment> segments_;
  std::vector<bool> client_captured_;
  std::vector<int64_t> image_positions_, image_checksums_;
};

}  // namespace medpfl
