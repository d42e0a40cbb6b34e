// SPDX-License-Identifier: GPL-3.0-or-later
// The file of a saved machine: round trip, what an unfinished write leaves, and damaged files.
#include <QtTest>

#include <filesystem>
#include <fstream>
#include <map>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "vmm/base/bits.h"
#include "vmm/state/state_file.h"

using namespace vmm;
using namespace vmm::state;

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kHead = 16; // of the file and of each section
enum Kind : uint32_t { kRecord = 1, kRam = 2, kEnd = 3 };

using Bytes = std::vector<std::byte>;

struct Sample {
    static constexpr Tag kTag{"sample", 1, 1};
    uint32_t number = 7;
    std::vector<uint8_t> bytes = {1, 2, 3};
    template <class A>
    void visit(A& a)
    {
        a.field("number", number).field("bytes", bytes);
    }
};

Bytes page(int value)
{
    return Bytes(kPage, static_cast<std::byte>(value));
}

/// What a reader was handed.
struct Seen {
    std::vector<std::string> participants;
    std::vector<Bytes> records;
    std::map<uint64_t, Bytes> ram;
    bool operator==(const Seen&) const = default;
};

Result<Seen> readAll(const std::string& path)
{
    Seen seen;
    TRY(readFile(
        path,
        [&](const NamedRecord& named) -> Result<void> {
            seen.participants.push_back(named.participant);
            seen.records.push_back(encode(named.record));
            return {};
        },
        [&](uint64_t offset, std::span<const std::byte> pages) -> Result<void> {
            seen.ram[offset].assign(pages.begin(), pages.end());
            return {};
        }));
    return seen;
}

Bytes contentOf(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

void writeContent(const std::string& path, std::span<const std::byte> bytes)
{
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

Bytes headerBytes()
{
    Bytes header(kHead);
    std::memcpy(header.data(), "VITRINE\x1a", 8);
    storeLe<uint32_t>(&header[8], 1);
    return header;
}

/// A section whose checksum is right and whose head claims `length`.
Bytes section(uint32_t kind, std::span<const std::byte> payload, uint64_t length)
{
    Bytes bytes(kHead);
    storeLe<uint32_t>(&bytes[0], kind);
    const auto* data = reinterpret_cast<const Bytef*>(payload.data());
    const auto sum = payload.empty() ? 0 : ::crc32_z(0, data, payload.size());
    storeLe<uint32_t>(&bytes[4], static_cast<uint32_t>(sum));
    storeLe<uint64_t>(&bytes[8], length);
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
}
Bytes section(uint32_t kind, std::span<const std::byte> payload)
{
    return section(kind, payload, payload.size());
}

Bytes number64(uint64_t value)
{
    Bytes bytes(8);
    storeLe<uint64_t>(bytes.data(), value);
    return bytes;
}

Bytes join(std::initializer_list<Bytes> parts)
{
    Bytes all;
    for (const Bytes& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

} // namespace

class StateFileTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::string m_path;

    size_t filesInFolder() const
    {
        const std::filesystem::directory_iterator files(m_folder.path().toStdString());
        return static_cast<size_t>(std::distance(begin(files), end(files)));
    }
    Result<void> writeSample(FileWriter& writer) const
    {
        TRY(writer.writeRecord("first", save(Sample{})));
        TRY(writer.writeRam(3 * kPage, page(0x33)));
        TRY(writer.writeRecord(std::string(256, 'n'), save(Sample{9, {}})));
        return writer.writeRam(uint64_t{1} << 40, Bytes(FileWriter::kMaxRun, std::byte{1}));
    }
    /// A complete file at m_path.
    void makeSample() const
    {
        auto writer = std::move(*FileWriter::create(m_path));
        QVERIFY(writeSample(writer).has_value());
        QVERIFY(writer.finish().has_value());
    }
    /// One sentence that names the file.
    void verifyRefused(const Bytes& bytes, const char* why) const
    {
        writeContent(m_path, bytes);
        const auto result = readAll(m_path);
        QVERIFY2(!result.has_value(), why);
        const std::string& sentence = result.error().sentence();
        QVERIFY2(sentence.find(m_path) != std::string::npos, sentence.c_str());
        QVERIFY2(sentence.find('\n') == std::string::npos, sentence.c_str());
    }

private slots:
    void init()
    {
        m_path = m_folder.filePath("machine.vitrine").toStdString();
        std::filesystem::remove(m_path);
    }

    void roundTrip()
    {
        makeSample();
        const auto seen = readAll(m_path);
        QVERIFY2(seen.has_value(), seen ? "" : seen.error().sentence().c_str());
        const std::vector<std::string> names = {"first", std::string(256, 'n')};
        QCOMPARE(seen->participants, names);
        QCOMPARE(seen->records[0], encode(save(Sample{})));
        QCOMPARE(seen->records[1], encode(save(Sample{9, {}})));
        QCOMPARE(seen->ram.size(), size_t{2});
        QCOMPARE(seen->ram.at(3 * kPage), page(0x33));
        QCOMPARE(seen->ram.at(uint64_t{1} << 40).size(), FileWriter::kMaxRun);
        QCOMPARE(filesInFolder(), size_t{1});
    }

    void emptyMachine()
    {
        auto writer = std::move(*FileWriter::create(m_path));
        QVERIFY(writer.finish().has_value());
        const auto seen = readAll(m_path);
        QVERIFY(seen.has_value() && *seen == Seen{});
    }

    void unfinishedWriteLeavesTheOldFile()
    {
        makeSample();
        const Bytes old = contentOf(m_path);
        {
            auto writer = std::move(*FileWriter::create(m_path));
            QVERIFY(writer.writeRam(0, page(1)).has_value());
            const FileWriter moved(std::move(writer)); // as in being returned
            QCOMPARE(filesInFolder(), size_t{2});
        }
        QCOMPARE(filesInFolder(), size_t{1});
        QCOMPARE(contentOf(m_path), old);
    }

    void failedRenameLeavesNoTemporary()
    {
        std::filesystem::create_directory(m_path); // a file cannot take a folder's place
        {
            auto writer = std::move(*FileWriter::create(m_path));
            QVERIFY(writeSample(writer).has_value());
            QVERIFY(!writer.finish().has_value());
        }
        QVERIFY(std::filesystem::is_directory(m_path));
        QCOMPARE(filesInFolder(), size_t{1});
    }

    void devicesAndPipesStay()
    {
        QCOMPARE(::mkfifo(m_path.c_str(), 0600), 0);
        QVERIFY(!FileWriter::create(m_path).has_value());
        QVERIFY(std::filesystem::is_fifo(m_path));
        QCOMPARE(filesInFolder(), size_t{1});
    }

    void newFileReplacesTheOld()
    {
        writeContent(m_path, page(1));
        makeSample();
        QVERIFY(readAll(m_path).has_value());
        QCOMPARE(filesInFolder(), size_t{1});
    }

    void noFolderToWriteTo()
    {
        const auto writer = FileWriter::create(m_path + "-missing/machine");
        QVERIFY(!writer.has_value());
        QCOMPARE(writer.error().code(), ErrorCode::NotFound);
    }

    void truncatedAnywhere()
    {
        makeSample();
        const Bytes whole = contentOf(m_path);
        std::vector<size_t> borders = {0, 1, 8, kHead - 1, kHead};
        for (size_t at = kHead; at < whole.size();) {
            const size_t next = at + kHead + loadLe<uint64_t>(&whole[at + 8]);
            for (const size_t cut : {at + 1, at + kHead - 1, at + kHead, at + kHead + 1, next - 1})
                borders.push_back(cut);
            if (next < whole.size())
                borders.push_back(next);
            at = next;
        }
        QCOMPARE(borders.size(), size_t{5 + 5 * 5 + 4});
        for (const size_t cut : borders)
            verifyRefused(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut)),
                          std::to_string(cut).c_str());
    }

    void everyFlippedByteIsNoticed()
    {
        {
            auto writer = std::move(*FileWriter::create(m_path));
            QVERIFY(writer.writeRecord("first", save(Sample{})).has_value());
            QVERIFY(writer.finish().has_value());
        }
        const Bytes whole = contentOf(m_path);
        for (size_t at = 0; at < whole.size(); ++at) {
            Bytes damaged = whole;
            damaged[at] ^= std::byte{0x10};
            verifyRefused(damaged, std::to_string(at).c_str());
        }
    }

    void somethingBehindTheEnd()
    {
        makeSample();
        Bytes longer = contentOf(m_path);
        longer.push_back(std::byte{0});
        verifyRefused(longer, "trailing byte");
        const Bytes end = section(kEnd, number64(0));
        verifyRefused(join({headerBytes(), end, end}), "two ends");
        verifyRefused(join({headerBytes(), section(kEnd, number64(1))}), "wrong count");
    }

    void impossibleLengths_data()
    {
        QTest::addColumn<uint32_t>("kind");
        QTest::addColumn<quint64>("length");
        const uint64_t most = ~uint64_t{0};
        QTest::newRow("record, all ones") << uint32_t{kRecord} << quint64{most};
        QTest::newRow("record, sum wraps") << uint32_t{kRecord} << quint64{most - kHead + 1};
        QTest::newRow("record, too large") << uint32_t{kRecord} << quint64{(256U << 20) + 1};
        QTest::newRow("record, beyond the file") << uint32_t{kRecord} << quint64{9};
        QTest::newRow("ram, nothing") << uint32_t{kRam} << quint64{8};
        QTest::newRow("ram, too large") << uint32_t{kRam} << quint64{(1U << 20) + 8 + kPage};
        QTest::newRow("ram, no offset") << uint32_t{kRam} << quint64{7};
        QTest::newRow("end, short") << uint32_t{kEnd} << quint64{7};
        QTest::newRow("unknown kind") << uint32_t{4} << quint64{8};
    }
    void impossibleLengths()
    {
        QFETCH(uint32_t, kind);
        QFETCH(quint64, length);
        verifyRefused(join({headerBytes(), section(kind, Bytes(8), length)}), "length");
    }

    void recordNames()
    {
        const Bytes record = encode(save(Sample{}));
        for (const uint32_t claimed : {uint32_t{257}, ~uint32_t{0}, uint32_t{200}}) {
            Bytes payload(4);
            storeLe<uint32_t>(payload.data(), claimed);
            payload.insert(payload.end(), record.begin(), record.end());
            verifyRefused(join({headerBytes(), section(kRecord, payload)}), "name");
        }
        verifyRefused(join({headerBytes(), section(kRecord, Bytes(3))}), "no length of the name");
        verifyRefused(join({headerBytes(), section(kRecord, Bytes(4))}), "no record");
    }

    void ramIsWholePages()
    {
        for (const auto& [offset, size] :
             {std::pair<uint64_t, size_t>{1, kPage}, {kPage / 2, kPage}, {0, kPage - 1}, {0, 1}})
            verifyRefused(
                join({headerBytes(), section(kRam, join({number64(offset), Bytes(size)}))}),
                "pages");
    }

    void errorsOfSinksEndTheReading()
    {
        makeSample();
        int records = 0;
        const auto refuse = [&](const NamedRecord&) -> Result<void> {
            ++records;
            return Error(ErrorCode::Invalid, "not this one");
        };
        const auto ignore = [](uint64_t, std::span<const std::byte>) -> Result<void> { return {}; };
        const auto result = readFile(m_path, refuse, ignore);
        QVERIFY(!result.has_value());
        QCOMPARE(result.error().sentence(), std::string("not this one"));
        QCOMPARE(records, 1);
    }

    void noFileAtAll()
    {
        QCOMPARE(readAll(m_path).error().code(), ErrorCode::NotFound);
        QVERIFY(!readAll(m_folder.path().toStdString()).has_value());
        QVERIFY(!readAll("/dev/null").has_value());
        makeSample();
        std::filesystem::permissions(m_path, std::filesystem::perms::none);
        if (::access(m_path.c_str(), R_OK) != 0) // root reads everything
            QCOMPARE(readAll(m_path).error().code(), ErrorCode::Permission);
        const std::string fifo = m_folder.filePath("fifo").toStdString();
        QCOMPARE(::mkfifo(fifo.c_str(), 0600), 0);
        QVERIFY(!readAll(fifo).has_value()); // at once: nobody will ever write
        std::filesystem::remove(fifo);
    }
};

QTEST_GUILESS_MAIN(StateFileTest)
#include "state_file_test.moc"
