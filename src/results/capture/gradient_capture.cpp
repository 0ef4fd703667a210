#include "results/capture/gradient_capture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "core/log.hpp"
#include "h5/row_checksum.hpp"
#include "results/capture/parallel_output.hpp"
#include "results/folder/durable_file.hpp"
#include "results/folder/run_folder.hpp"

namespace fs = std::filesystem;

namespace medpfl {
namespace {

const std::string kMessageValues = "/values";
const std::string kOpenSegment = "/gradients/segment.partial";

template <class T>
void place(std::vector<T>* column, int64_t row, T value) {
  if (static_cast<int64_t>(column->size()) <= row) column->resize(static_cast<size_t>(row) + 1);
  (*column)[static_cast<size_t>(row)] = std::move(value);
}

// The recorded tensors one after another, rounded to T; returns how many became infinite by that.
template <class T>
int64_t pack(const FlatParameters& payload, const std::vector<CapturedLayer>& layers, T* out) {
  int64_t overflowed = 0;
  for (const CapturedLayer& layer : layers) {
    const float* in = payload.data() + layer.tensor.offset;
    T* to = out + layer.column;
    for (int64_t i = 0; i < layer.tensor.size; ++i) {
      to[i] = static_cast<T>(in[i]);
      if (std::isinf(static_cast<float>(to[i])) && std::isfinite(in[i])) ++overflowed;
    }
  }
  return overflowed;
}

std::string cannot_record(const std::string& why) {
  return fmt::format(
      "cannot record gradients: {}; make room, or record less: output.gradients, "
      "output.rounds, output.clients, output.layers, output.precision",
      why);
}

}  // namespace

GradientCapture::GradientCapture(const Federation& federation, std::string folder,
                                 CapturePolicy policy, PhaseTimers* timers)
    : f_(federation),
      folder_(std::move(folder)),
      policy_(std::move(policy)),
      timers_(timers),
      client_captured_(static_cast<size_t>(federation.data.client_count()), false) {
  f_.comm.agree([this] {
    layers_ = select_layers(f_.model.layout(), policy_.layers);
    if (f_.comm.is_root()) make_folder(folder_ + "/gradients");
  });
}

// Ranks meet where a segment begins and not again before the round ends: to grow a dataset HDF5
// changes only what every rank keeps of the file, and a rank must not wait here for others that
// still train.
void GradientCapture::make_room(const RoundPlan& plan) {
  round_ = plan.round;
  first_row_.clear();
  int64_t rows = 0;
  for (size_t i = 0; i < plan.clients.size(); ++i) {
    first_row_.push_back(rows);
    if (policy_.takes(plan, i)) rows += 1 + plan.probes[i];
  }
  if (open_ == nullptr) {
    agree_to_write(f_.comm, cannot_record, [&] {
      open_ = std::make_unique<h5::ParallelFile>(f_.comm, folder_ + kOpenSegment);
      with_type_of(policy_.precision, [&](auto zero) {
        open_->create_growing<decltype(zero)>(
            kMessageValues, columns_of(layers_),
            {"payloads as sent, one row a message", "1", {"gradient", "parameter"}});
      });
    });
  }
  note_failure([&] { open_->grow(kMessageValues, open_rows_ + rows); });
}

// A rank that fails tells the others when the round ends: it must not leave them waiting.
void GradientCapture::note_failure(const std::function<void()>& step) {
  try {
    if (failure_.empty()) step();
  } catch (const FormatError& error) {
    failure_ = cannot_record(error.what());
  }
}

// Returns the checksum of each row.
template <class T>
std::vector<int64_t> GradientCapture::write(const std::vector<const Message*>& messages,
                                            const std::vector<int64_t>& rows) {
  const bool as_sent = std::is_same_v<T, float> && columns_of(layers_) == f_.model.layout().size();
  const int64_t columns = columns_of(layers_);
  std::vector<T> packed(as_sent ? 0 : messages.size() * static_cast<size_t>(columns));
  std::vector<const T*> data;
  for (const Message* message : messages) {
    // A payload that is recorded as it is goes to the file without a copy.
    if constexpr (std::is_same_v<T, float>) {
      if (as_sent) {
        data.push_back(message->payload.data());
        continue;
      }
    }
    T* out = packed.data() + static_cast<int64_t>(data.size()) * columns;
    round_overflowed_ += pack(message->payload, layers_, out);
    data.push_back(out);
  }
  std::vector<int64_t> checksums;
  for (const T* row : data) checksums.push_back(h5::row_checksum(row, columns));
  open_->write_rows(kMessageValues, rows, data);
  return checksums;
}

void GradientCapture::on_messages(const RoundPlan& plan, const FlatParameters&,
                                  const std::vector<Message>& mine) {
  if (policy_.rows(plan) == 0) return;
  const auto timer = timers_->measure(Phase::kCapture);
  if (round_ != plan.round) make_room(plan);
  std::vector<int64_t> rows;
  std::vector<const Message*> kept;
  for (const Message& message : mine) {
    const auto at = std::lower_bound(plan.clients.begin(), plan.clients.end(), message.client);
    const auto index = static_cast<size_t>(at - plan.clients.begin());
    if (!policy_.takes(plan, index)) continue;
    rows.push_back(open_rows_ + first_row_[index] + 1 + message.probe);
    kept.push_back(&message);
  }
  if (kept.empty()) return;
  note_failure([&] {
    const auto checksums = with_type_of(
        policy_.precision, [&](auto zero) { return write<decltype(zero)>(kept, rows); });
    for (size_t i = 0; i < kept.size(); ++i) note(*kept[i], closed_rows_ + rows[i], checksums[i]);
  });
}

void GradientCapture::note(const Message& m, int64_t row, int64_t checksum) {
  const Client& client = f_.data.client(m.client);
  std::vector<int64_t> positions;
  for (const int64_t image : m.images)
    positions.push_back(client.positions[static_cast<size_t>(image)]);
  notes_.value(row);
  for (const int64_t v : {m.round, m.client, m.probe, m.examples, m.steps, checksum})
    notes_.value(v);
  notes_.value(m.norm);
  notes_.value(m.loss);
  notes_.array(positions);
}

void GradientCapture::receive_notes(int64_t round) {
  ByteWriter out;
  out.value(round_overflowed_);
  out.text(notes_.take());
  notes_ = {};
  round_overflowed_ = 0;
  int64_t overflowed = 0;
  for (const std::string& bytes : f_.comm.gather(out.take())) {
    ByteReader message(bytes);
    overflowed += message.value<int64_t>();
    const std::string notes = message.text();
    ByteReader in(notes);
    while (!in.done()) {
      const auto row = in.value<int64_t>();
      for (std::vector<int64_t>* column : {&rows_.round, &rows_.client, &rows_.probe,
                                           &rows_.examples, &rows_.steps, &rows_.checksum})
        place(column, row, in.value<int64_t>());
      place(&rows_.norm, row, in.value<double>());
      place(&rows_.loss, row, in.value<double>());
      place(&rows_.images, row, in.array<int64_t>());
    }
  }
  if (overflowed > 0 && overflowed_ == 0)
    log_warning(
        fmt::format("output.precision={}: {} values of round {} are too large and were recorded as "
                    "infinity; use bfloat16 or float32 to keep them (the file counts later ones: "
                    "attribute overflowed of /gradients/values)",
                    word_of(policy_.precision), overflowed, round));
  overflowed_ += overflowed;
}

void GradientCapture::on_round_end(const RoundPlan& plan, const RoundRecord&,
                                   const FlatParameters&) {
  const int64_t rows = policy_.rows(plan);
  if (rows == 0) return;
  const auto timer = timers_->measure(Phase::kCapture);
  f_.comm.agree([this] {
    if (!failure_.empty()) throw OutputError(failure_);
  });
  receive_notes(plan.round);
  for (size_t i = 0; i < plan.clients.size(); ++i)
    if (policy_.takes(plan, i)) client_captured_[static_cast<size_t>(plan.clients[i])] = true;
  open_rows_ += rows;
}

bool GradientCapture::full() const {
  return open_rows_ * columns_of(layers_) * value_bytes(policy_.precision) >= kSegmentBytes;
}

void GradientCapture::cut() {
  if (open_rows_ == 0) return;
  const auto timer = timers_->measure(Phase::kCapture);
  const std::string name = fmt::format("gradients/segment-{:05d}.h5", segments_.size());
  agree_to_write(f_.comm, cannot_record, [this] { open_->close(); });
  open_.reset();
  f_.comm.agree([&] {
    if (f_.comm.is_root()) publish_file(folder_ + kOpenSegment, folder_ + "/" + name);
  });
  segments_.push_back({name, open_rows_});
  closed_rows_ += open_rows_;
  open_rows_ = 0;
}

void GradientCapture::keep(Archive& a) {
  if (open_rows_ != 0)
    throw Error(ExitCode::kInternal, "gradients were saved while a segment was open");
  a.version(1);
  std::vector<uint8_t> captured(client_captured_.begin(), client_captured_.end());
  a("segments", &segments_);
  a.fixed("client_captured", captured.data(), f_.data.client_count());
  a("overflowed", &overflowed_);
  a("rows", &rows_);
  if (!a.reading()) return;
  client_captured_.assign(captured.begin(), captured.end());
  round_ = -1;
  closed_rows_ = 0;
  for (const GradientSegment& segment : segments_) closed_rows_ += segment.rows;
  if (!f_.comm.is_root()) {
    rows_ = {};
    return;
  }
  for (const GradientSegment& segment : segments_)
    if (!fs::exists(fs::path(folder_) / segment.file))
      throw OutputError(fmt::format(
          "{}/{} is missing, which the checkpoint needs: put it back, or start the run anew",
          folder_, segment.file));
}

void GradientCapture::remove_unknown() const {
  std::vector<std::string> known;
  for (const GradientSegment& segment : segments_) known.push_back(segment.file);
  remove_other_files(folder_, "gradients", known);
}

void GradientCapture::finish() {
  cut();
  const auto timer = timers_->measure(Phase::kCapture);
  image_positions_.clear();
  for (size_t i = 0; i < f_.data.assignment.size(); ++i)
    if (client_captured_[static_cast<size_t>(f_.data.assignment[i])])
      image_positions_.push_back(static_cast<int64_t>(i));
  if (!image_positions_.empty())
    with_pixel_type(f_.data.pixels, [this](auto zero) { write_images<decltype(zero)>(); });
}

template <class Pixel>
void GradientCapture::write_images() {
  const ImageShape& shape = f_.model.input();
  std::vector<at::Tensor> keep;
  std::vector<int64_t> rows;
  std::vector<const Pixel*> data;
  for (const Client& client : f_.data.clients) {
    if (!client_captured_[static_cast<size_t>(client.id)]) continue;
    keep.push_back(client.images.contiguous());
    for (size_t i = 0; i < client.positions.size(); ++i) {
      rows.push_back(
          std::lower_bound(image_positions_.begin(), image_positions_.end(), client.positions[i]) -
          image_positions_.begin());
      data.push_back(keep.back().data_ptr<Pixel>() + static_cast<int64_t>(i) * shape.size());
    }
  }
  const std::string partial = folder_ + "/gradients/images.partial";
  std::unique_ptr<h5::ParallelFile> file;
  agree_to_write(f_.comm, cannot_record, [&] {
    file = std::make_unique<h5::ParallelFile>(f_.comm, partial);
    file->create<Pixel>(
        "/images",
        {static_cast<int64_t>(image_positions_.size()), shape.channels, shape.height, shape.width},
        {"training images of the captured hospitals",
         f_.data.pixels.unit(),
         {"captured_image", "channel", "row", "column"}});
  });
  agree_to_write(f_.comm, cannot_record, [&] { file->write_rows("/images", rows, data); });
  agree_to_write(f_.comm, cannot_record, [&] { file->close(); });
  f_.comm.agree([&] {
    if (f_.comm.is_root()) publish_file(partial, folder_ + "/" + kImagesFile);
  });
  receive_image_checksums(rows, data);
}

template <class Pixel>
void GradientCapture::receive_image_checksums(const std::vector<int64_t>& rows,
                                              const std::vector<const Pixel*>& data) {
  ByteWriter mine;
  mine.array(rows);
  for (const Pixel* image : data) mine.value(h5::row_checksum(image, f_.model.input().size()));
  image_checksums_.assign(image_positions_.size(), 0);
  for (const std::string& bytes : f_.comm.gather(mine.take())) {
    ByteReader in(bytes);
    for (const int64_t row : in.array<int64_t>())
      image_checksums_.at(static_cast<size_t>(row)) = in.value<int64_t>();
  }
}

}  // namespace medpfl
