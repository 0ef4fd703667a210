#include "results/gradient_capture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "results/durable_file.hpp"

namespace medpfl {
namespace {

const std::string kValues = "/values";

template <class T>
void place(std::vector<T>* column, int64_t row, T value) {
  if (static_cast<int64_t>(column->size()) <= row) column->resize(static_cast<size_t>(row) + 1);
  (*column)[static_cast<size_t>(row)] = std::move(value);
}

}  // namespace

std::vector<std::string> capture_policies() { return {"all", "attacked", "none"}; }

GradientCapture::GradientCapture(const Federation& federation, std::string folder,
                                 const std::string& policy, PhaseTimers* timers)
    : f_(federation),
      folder_(std::move(folder)),
      attacked_only_(policy == "attacked"),
      timers_(timers),
      hospital_captured_(static_cast<size_t>(federation.data.hospital_count()), false) {
  f_.comm.agree([this] {
    if (f_.comm.is_root()) make_folder(folder_ + "/gradients");
  });
}

int64_t GradientCapture::rows_of(const RoundPlan& plan) const {
  int64_t rows = 0;
  for (size_t i = 0; i < plan.hospitals.size(); ++i)
    if (captured(plan, i)) rows += 1 + plan.probes[i];
  return rows;
}

int64_t GradientCapture::row_in_round(const RoundPlan& plan, const Message& message) const {
  int64_t row = 0;
  for (size_t i = 0; plan.hospitals[i] < message.client; ++i)
    if (captured(plan, i)) row += 1 + plan.probes[i];
  return row + 1 + message.probe;
}

// The segment takes whole rounds until it is large enough; plans of rounds to come are known.
void GradientCapture::open_segment(const RoundPlan& first) {
  segment_rows_ = 0;
  for (int64_t r = first.round; r < f_.settings.rounds; ++r) {
    segment_rows_ +=
        rows_of(r == first.round ? first
                                 : plan_round(r, f_.data.shard_sizes, f_.settings.sampling, f_.seed,
                                              f_.targets));
    segment_last_round_ = r;
    break;
  }
  round_first_row_ = 0;
  if (segment_rows_ == 0) return;
  const std::string path = folder_ + "/gradients/segment.partial";
  open_ = std::make_unique<h5::ParallelFile>(f_.comm, path);
  open_->create<float>(kValues, {segment_rows_, f_.model.layout().size()},
                       {"payloads as sent, one row a message", "1", {"gradient", "parameter"}});
}

void GradientCapture::save(ByteWriter* out) const {
  out->value(segments_.size());
  for (const auto& s : segments_) {
    out->text(s.file);
    out->value(s.rows);
  }
  for (const auto* c : {&rows_.round, &rows_.client, &rows_.probe, &rows_.examples, &rows_.steps})
    out->array(*c);
  out->array(rows_.norm);
  out->array(rows_.loss);
  for (const auto& v : rows_.images) out->array(v);
  for (const bool b : hospital_captured_) out->value(b);
}

void GradientCapture::restore(ByteReader* in) {
  for (auto n = in->value<size_t>(); n > 0; --n) {
    GradientSegment s;
    s.file = in->text();
    s.rows = in->value<int64_t>();
    segment_first_row_ += s.rows;
    segments_.push_back(s);
  }
  for (auto* c : {&rows_.round, &rows_.client, &rows_.probe, &rows_.examples, &rows_.steps})
    *c = in->array<int64_t>();
  rows_.norm = in->array<double>();
  rows_.loss = in->array<double>();
  rows_.images.resize(rows_.round.size());
  for (auto& v : rows_.images) v = in->array<int64_t>();
  for (size_t i = 0; i < hospital_captured_.size(); ++i) hospital_captured_[i] = in->value<bool>();
}

void GradientCapture::remove_unknown() const {
  std::vector<std::string> known;
  for (const auto& s : segments_) known.push_back(s.file);
  remove_other_files(folder_, "gradients", known);
}

void GradientCapture::cut() {
  if (open_ == nullptr) return;
  open_->close();
  open_.reset();
  const std::string name = fmt::format("gradients/segment-{:05d}.h5", segments_.size());
  f_.comm.agree([&] {
    if (f_.comm.is_root())
      publish_file(folder_ + "/gradients/segment.partial", folder_ + "/" + name);
  });
  segments_.push_back({name, segment_rows_});
  segment_first_row_ += segment_rows_;
}

void GradientCapture::on_messages(const RoundPlan& plan, const FlatParameters&,
                                  const std::vector<Message>& mine) {
  const auto timer = timers_->measure(Phase::kCapture);
  if (open_ == nullptr) open_segment(plan);
  if (open_ == nullptr || rows_of(plan) == 0) return;
  const int64_t p = f_.model.layout().size();
  std::vector<int64_t> rows;
  std::vector<const Message*> kept;
  for (const Message& message : mine) {
    const auto at = std::lower_bound(plan.hospitals.begin(), plan.hospitals.end(), message.client);
    if (!captured(plan, static_cast<size_t>(at - plan.hospitals.begin()))) continue;
    rows.push_back(round_first_row_ + row_in_round(plan, message));
    kept.push_back(&message);
  }
  std::vector<float> values(kept.size() * static_cast<size_t>(p));
  for (size_t i = 0; i < kept.size(); ++i)
    std::copy_n(kept[i]->payload.data(), p, values.data() + static_cast<int64_t>(i) * p);
  open_->write_rows(kValues, rows, values.data());

  ByteWriter out;
  for (size_t i = 0; i < kept.size(); ++i) {
    const Message& m = *kept[i];
    const Hospital& hospital = f_.data.hospital(m.client);
    std::vector<int64_t> positions;
    for (const int64_t image : m.images)
      positions.push_back(hospital.positions[static_cast<size_t>(image)]);
    out.value(segment_first_row_ + rows[i]);
    for (const int64_t v : {m.round, m.client, m.probe, m.examples, m.steps}) out.value(v);
    out.value(m.norm);
    out.value(m.loss);
    out.array(positions);
  }
  for (const std::string& bytes : f_.comm.gather(out.take())) {
    ByteReader in(bytes);
    while (!in.done()) {
      const auto row = in.value<int64_t>();
      for (std::vector<int64_t>* column :
           {&rows_.round, &rows_.client, &rows_.probe, &rows_.examples, &rows_.steps})
        place(column, row, in.value<int64_t>());
      place(&rows_.norm, row, in.value<double>());
      place(&rows_.loss, row, in.value<double>());
      place(&rows_.images, row, in.array<int64_t>());
    }
  }
}

void GradientCapture::on_round_end(const RoundPlan& plan, const RoundRecord&,
                                   const FlatParameters&) {
  const auto timer = timers_->measure(Phase::kCapture);
  for (size_t i = 0; i < plan.hospitals.size(); ++i)
    if (captured(plan, i)) hospital_captured_[static_cast<size_t>(plan.hospitals[i])] = true;
  round_first_row_ += rows_of(plan);
}

void GradientCapture::finish() {
  const auto timer = timers_->measure(Phase::kCapture);
  for (size_t h = 0; h < hospital_captured_.size(); ++h)
    if (hospital_captured_[h])
      image_positions_.insert(image_positions_.end(), f_.data.partition.shards[h].begin(),
                              f_.data.partition.shards[h].end());
  std::sort(image_positions_.begin(), image_positions_.end());
  if (image_positions_.empty()) return;
  // Rows must ascend, so this rank's images are put in the order of their positions.
  std::vector<std::pair<int64_t, const uint8_t*>> mine;
  const int64_t pixels = f_.model.input().size();
  std::vector<at::Tensor> keep;
  for (const Hospital& hospital : f_.data.hospitals) {
    if (!hospital_captured_[static_cast<size_t>(hospital.id)]) continue;
    keep.push_back(hospital.images.contiguous());
    const uint8_t* data = keep.back().data_ptr<uint8_t>();
    for (size_t i = 0; i < hospital.positions.size(); ++i)
      mine.emplace_back(hospital.positions[i], data + static_cast<int64_t>(i) * pixels);
  }
  std::sort(mine.begin(), mine.end());
  std::vector<int64_t> rows;
  std::vector<uint8_t> values(mine.size() * static_cast<size_t>(pixels));
  for (size_t i = 0; i < mine.size(); ++i) {
    rows.push_back(
        std::lower_bound(image_positions_.begin(), image_positions_.end(), mine[i].first) -
        image_positions_.begin());
    std::copy_n(mine[i].second, pixels, values.data() + static_cast<int64_t>(i) * pixels);
  }
  const ImageShape& shape = f_.model.input();
  const std::string partial = folder_ + "/gradients/images.partial";
  h5::ParallelFile file(f_.comm, partial);
  file.create<uint8_t>(
      "/images",
      {static_cast<int64_t>(image_positions_.size()), shape.channels, shape.height, shape.width},
      {"training images of the captured hospitals",
       "0 to 255",
       {"image", "channel", "row", "column"}});
  file.write_rows("/images", rows, values.data());
  file.close();
  f_.comm.agree([&] {
    if (f_.comm.is_root()) publish_file(partial, folder_ + "/" + kImagesFile);
  });
}

}  // namespace medpfl
