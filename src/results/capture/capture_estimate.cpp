#include "results/capture/capture_estimate.hpp"

#include <fmt/format.h>

#include "core/text.hpp"
#include "h5/parallel_file.hpp"
#include "results/capture/gradient_capture.hpp"

namespace medpfl {
namespace {

// Of HDF5 beside the data, as measured: a file's header, dataset and attributes; an entry of the
// index.
constexpr int64_t kFileBytes = 2 << 10, kChunkEntryBytes = 64;
// ParallelFile lets chunks from this size on begin at a block.
constexpr int64_t kAlignedFrom = 1 << 20, kBlock = 1 << 12;

int64_t segment_bytes(int64_t rows, int64_t row_bytes) {
  const int64_t step = h5::ParallelFile::rows_at_a_time(row_bytes);
  const int64_t chunks = (rows + step - 1) / step;
  int64_t chunk = step * row_bytes;
  if (chunk >= kAlignedFrom) chunk = (chunk + kBlock - 1) / kBlock * kBlock;
  return kFileBytes + chunks * (chunk + kChunkEntryBytes);
}

}  // namespace

CaptureEstimate estimate_capture(const CapturePolicy& policy, const Model& model,
                                 const std::vector<int64_t>& shard_sizes, int64_t pixel_bytes,
                                 const FederationSettings& federation, const AttackTargets& targets,
                                 const RunSeeds& seeds) {
  CaptureEstimate out;
  out.columns = columns_of(select_layers(model.layout(), policy.layers));
  const int64_t row_bytes = out.columns * value_bytes(policy.precision);
  std::vector<bool> taken(shard_sizes.size(), false);
  int64_t open = 0;
  for (int64_t round = 0; round < federation.rounds; ++round) {
    const RoundPlan plan =
        plan_round(round, shard_sizes, federation.sampling, federation.dropout, seeds, targets);
    for (size_t i = 0; i < plan.clients.size(); ++i)
      if (policy.takes(plan, i)) taken[static_cast<size_t>(plan.clients[i])] = true;
    open += policy.rows(plan);
    out.rows += policy.rows(plan);
    const bool last = round + 1 == federation.rounds;
    if (open == 0 || (!last && open * row_bytes < GradientCapture::kSegmentBytes)) continue;
    out.file_bytes += segment_bytes(open, row_bytes);
    open = 0;
  }
  for (size_t h = 0; h < taken.size(); ++h)
    if (taken[h]) out.images += shard_sizes[h];
  out.image_bytes = out.images * model.input().size() * pixel_bytes;
  if (out.image_bytes > 0) out.file_bytes += kFileBytes + out.image_bytes;
  out.value_bytes = out.rows * row_bytes;
  return out;
}

std::string describe_capture(const CaptureEstimate& estimate, const CapturePolicy& policy) {
  return fmt::format(
      "{} messages of {} values ({}) will be recorded: {} with the images behind them",
      estimate.rows, estimate.columns, word_of(policy.precision), megabytes(estimate.file_bytes));
}

}  // namespace medpfl
