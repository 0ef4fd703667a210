#include <algorithm>

#include "results/run/run_record.hpp"
#include "results/run/run_tables.hpp"

namespace medpfl {
namespace {

void write_batches(h5::File* file, const RunRecord& record) {
  const std::vector<int64_t>& positions = record.capture->image_positions();
  const ImageShape& shape = record.model->input();
  const auto images = static_cast<int64_t>(positions.size());
  const std::string group = "/gradients/batches";
  const PixelFormat& pixels = record.data->pixels;
  with_pixel_type(pixels, [&](auto zero) {
    file->write_virtual<decltype(zero)>(group + "/images",
                                        {images, shape.channels, shape.height, shape.width},
                                        {{GradientCapture::kImagesFile, "/images", images}},
                                        {"training images of the captured hospitals",
                                         pixels.unit(),
                                         {"captured_image", "channel", "row", "column"}});
  });
  std::vector<int64_t> labels, start = {0}, image;
  for (const int64_t p : positions)
    labels.push_back(record.data->train_labels[static_cast<size_t>(p)]);
  for (const std::vector<int64_t>& batch : record.capture->rows().images) {
    for (const int64_t p : batch)
      image.push_back(std::lower_bound(positions.begin(), positions.end(), p) - positions.begin());
    start.push_back(static_cast<int64_t>(image.size()));
  }
  TableWriter table(file, group, "captured_image");
  table.column("labels", labels, "class of each image");
  table.column("index", positions, "its position in the training split");
  table.column("checksum", record.capture->image_checksums(), "CRC-32 of its pixels");
  TableWriter(file, group, "gradient_edge")
      .column("start", start, "gradient g came from image[start[g]:start[g+1]]");
  TableWriter(file, group, "use").column("image", image, "row of images");
}

// Which tensors a row holds; unlike /model, which lists those of the network.
void write_layers(h5::File* file, const std::vector<CapturedLayer>& layers) {
  std::vector<std::string> name, shape;
  std::vector<int64_t> column, offset, size;
  for (const CapturedLayer& layer : layers) {
    name.push_back(layer.tensor.name);
    shape.push_back(shape_text(layer.tensor.shape));
    column.push_back(layer.column);
    offset.push_back(layer.tensor.offset);
    size.push_back(layer.tensor.size);
  }
  TableWriter table(file, "/gradients/layers", "tensor");
  table.column("name", name, "recorded parameter tensor");
  table.column("column", column, "its first element in a row of values", "element");
  table.column("offset", offset, "its first element in the flat vector of the model", "element");
  table.column("size", size, "number of elements", "element");
  table.column("shape", shape, "extents of the tensor");
}

}  // namespace

void write_gradient_group(h5::File* file, const RunRecord& record) {
  if (record.capture == nullptr || record.capture->segments().empty()) return;
  const GradientCapture& capture = *record.capture;
  // Only closed segments are shown; rows of an open one come with the next publication.
  std::vector<h5::VirtualBlock> blocks;
  int64_t total = 0;
  for (const GradientSegment& segment : capture.segments()) {
    blocks.push_back({segment.file, "/values", segment.rows});
    total += segment.rows;
  }
  const std::string values = "/gradients/values";
  with_type_of(capture.policy().precision, [&](auto zero) {
    file->write_virtual<decltype(zero)>(
        values, {total, columns_of(capture.layers())}, blocks,
        {"payloads as sent, one row a message", "1", {"gradient", "parameter"}});
  });
  file->write_attribute(values, "precision", word_of(capture.policy().precision));
  file->write_attribute(values, "overflowed", capture.overflowed());
  write_layers(file, capture.layers());
  const auto n = static_cast<size_t>(total);
  const GradientRows& rows = record.capture->rows();
  const auto first = [n](const auto& column) {
    return std::decay_t<decltype(column)>(column.begin(), column.begin() + static_cast<int64_t>(n));
  };
  std::vector<std::string> kind;
  for (size_t i = 0; i < n; ++i) kind.emplace_back(rows.probe[i] < 0 ? "update" : "probe");
  TableWriter table(file, "/gradients", "gradient");
  table.column("round", first(rows.round), "round, from 0");
  table.column("client", first(rows.client), "hospital");
  table.column("probe", first(rows.probe), "number of the probe; -1: an update");
  table.column("kind", kind, "update | probe");
  table.column("examples", first(rows.examples), "images behind the message", "image");
  table.column("steps", first(rows.steps), "local optimizer steps", "step");
  table.column("norm", first(rows.norm), "L2 norm of the payload as sent");
  table.column("checksum", first(rows.checksum),
               "CRC-32 of the bytes of the row of values; -1: unknown");
  table.column("loss", first(rows.loss), "mean training loss of the steps", "nat");
  file->write_attribute("/gradients", "payload",
                        std::string(record.payload_is_gradient ? "gradient" : "weight-change"));
  file->write_attribute("/gradients", "learning_rate", record.learning_rate);
  if (!record.capture->image_positions().empty()) write_batches(file, record);
}

}  // namespace medpfl
