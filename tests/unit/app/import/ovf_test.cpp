// SPDX-License-Identifier: GPL-3.0-or-later
// Descriptions of appliances as VirtualBox and VMware write them, and hostile ones; manifests;
// units.
#include <QByteArray>
#include <QTest>

#include "app/import/manifest.h"
#include "app/import/ovf.h"

using namespace app::import;

namespace {

constexpr const char* kHead =
    "<?xml version='1.0'?><Envelope xmlns='http://schemas.dmtf.org/ovf/envelope/1' "
    "xmlns:ovf='http://schemas.dmtf.org/ovf/envelope/1' "
    "xmlns:rasd='http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/"
    "CIM_ResourceAllocationSettingData'>";

std::string item(int type, const std::string& more)
{
    return "<Item><rasd:ResourceType>" + std::to_string(type) + "</rasd:ResourceType>" + more +
           "</Item>";
}

std::string field(const std::string& name, const std::string& value)
{
    return "<rasd:" + name + ">" + value + "</rasd:" + name + ">";
}

std::string envelope(const std::string& references, const std::string& disks,
                     const std::string& hardware, const std::string& more = {})
{
    return std::string(kHead) + "<References>" + references + "</References><DiskSection>" + disks +
           "</DiskSection><VirtualSystem ovf:id='box'><Name>A box</Name>" + more +
           "<VirtualHardwareSection>" + hardware +
           "</VirtualHardwareSection></VirtualSystem>"
           "</Envelope>";
}

std::string file(const std::string& id, const std::string& href, const std::string& more = {})
{
    return "<File ovf:id='" + id + "' ovf:href='" + href + "' " + more + "/>";
}

std::string disk(const std::string& id, const std::string& fileRef)
{
    return "<Disk ovf:diskId='" + id + "' ovf:fileRef='" + fileRef +
           "' ovf:capacity='8' ovf:capacityAllocationUnits='byte * 2^30'/>";
}

std::string plug(const std::string& what, const std::string& parent, int address)
{
    return item(17, field("HostResource", what) + field("Parent", parent) +
                        field("AddressOnParent", std::to_string(address)));
}

std::string refusalOf(const std::string& xml)
{
    const auto result = parseOvf(xml);
    return result ? "accepted" : result.error().sentence();
}

} // namespace

class OvfTest : public QObject {
    Q_OBJECT

private slots:
    void everythingIsRead()
    {
        const auto result = parseOvf(envelope(
            file("f1", "one.vmdk") + file("f2", "two.vmdk.gz", "ovf:compression='gzip'"),
            disk("d1", "f1") + disk("d2", "f2") + "<Disk ovf:diskId='d3' ovf:capacity='1048576'/>",
            item(3, field("VirtualQuantity", "4")) +
                item(4,
                     field("VirtualQuantity", "2048") + field("AllocationUnits", "byte * 2^20")) +
                item(6, field("InstanceID", "3") + field("Address", "0")) +
                item(5, field("InstanceID", "4") + field("Address", "0")) +
                plug("ovf:/disk/d2", "3", 1) + plug("ovf:/disk/d3", "3", 0) +
                plug("/disk/d1", "4", 0) + item(10, "") + item(10, "") +
                item(15, field("HostResource", "ovf:/file/none")),
            "<OperatingSystemSection ovf:id='96'><Description>Debian_64</Description>"
            "</OperatingSystemSection>"));
        QVERIFY2(result.has_value(), result ? "" : result.error().sentence().c_str());
        QCOMPARE(result->name, std::string("A box"));
        QCOMPARE(result->osHint, std::string("Debian_64"));
        QCOMPARE(result->cpus, 4U);
        QCOMPARE(result->memoryBytes, uint64_t{2} << 30);
        QCOMPARE(result->nics, 2U);
        QVERIFY(!result->uefi);
        QCOMPARE(result->disks.size(), size_t{3});
        QCOMPARE(result->disks[0].file, std::string("one.vmdk")); // IDE comes first
        QCOMPARE(result->disks[0].capacityBytes, uint64_t{8} << 30);
        QCOMPARE(result->disks[1].file, std::string()); // empty, SCSI 0
        QCOMPARE(result->disks[1].capacityBytes, uint64_t{1} << 20);
        QCOMPARE(result->disks[2].file, std::string("two.vmdk.gz"));
        QVERIFY(result->disks[2].compressed);
    }
    void firmwareIsRead()
    {
        QVERIFY(parseOvf(envelope("", "",
                                  "<vmw:Config xmlns:vmw='v' vmw:key='firmware' "
                                  "vmw:value='efi'/>"))
                    ->uefi);
        QVERIFY(!parseOvf(envelope("", "", "<Config key='firmware' value='bios'/>"))->uefi);
        QVERIFY(parseOvf(envelope("", "", "",
                                  "<vbox:Machine xmlns:vbox='b'><Hardware><Firmware type='EFI'/>"
                                  "</Hardware></vbox:Machine>"))
                    ->uefi);
    }
    void onlyTheDefaultConfigurationCounts()
    {
        const std::string small = "<Item ovf:configuration='small'>" + field("ResourceType", "3") +
                                  field("VirtualQuantity", "1") + "</Item>";
        const std::string large = "<Item ovf:configuration='huge large'>" +
                                  field("ResourceType", "3") + field("VirtualQuantity", "8") +
                                  "</Item>";
        std::string xml = envelope("", "", small + large);
        xml.insert(xml.find("<VirtualSystem"),
                   "<DeploymentOptionSection><Configuration ovf:id='small'/>"
                   "<Configuration ovf:id='large' ovf:default='true'/></DeploymentOptionSection>");
        const auto result = parseOvf(xml);
        QVERIFY(result.has_value());
        QCOMPARE(result->cpus, 8U);
    }
    void disksThatArePluggedInNowhereCount()
    {
        const auto result = parseOvf(envelope(file("f", "x.vmdk"), disk("d", "f"), ""));
        QVERIFY(result.has_value());
        QCOMPARE(result->disks.size(), size_t{1});
    }
    void aCollectionOfOneIsOneMachine()
    {
        const std::string system = "<VirtualSystem id='a'/>";
        QVERIFY(parseOvf(std::string(kHead) + "<VirtualSystemCollection>" + system +
                         "</VirtualSystemCollection></Envelope>")
                    .has_value());
        QVERIFY(refusalOf(std::string(kHead) + "<VirtualSystemCollection>" + system + system +
                          "</VirtualSystemCollection></Envelope>")
                    .find("several machines") != std::string::npos);
        QVERIFY(refusalOf(std::string(kHead) + "</Envelope>").find("no machine") !=
                std::string::npos);
    }
    void namesThatLeaveTheArchiveAreRefused()
    {
        for (const char* name :
             {"../x.vmdk", "/etc/passwd", "a/b.vmdk", "..", "http://h/x", "", "a\\b", "x&#10;y"})
            QVERIFY2(
                refusalOf(envelope(file("f", name), disk("d", "f"), "")).find("in another place") !=
                    std::string::npos,
                name);
    }
    void whatIsNotSupportedIsSaid()
    {
        QVERIFY(refusalOf(envelope(file("f", "x", "ovf:chunkSize='1000'"), disk("d", "f"), ""))
                    .find("chunks") != std::string::npos);
        QVERIFY(refusalOf(envelope(file("f", "x", "ovf:compression='lzma'"), disk("d", "f"), ""))
                    .find("compressed") != std::string::npos);
        QVERIFY(refusalOf(envelope("", disk("d", "gone"), "")).find("not listed") !=
                std::string::npos);
        QVERIFY(refusalOf(envelope("", "", plug("/disk/gone", "1", 0))).find("does not describe") !=
                std::string::npos);
        QVERIFY(refusalOf(envelope("", "",
                                   item(4, field("VirtualQuantity", "9") +
                                               field("AllocationUnits", "byte * 2^63"))))
                    .find("memory") != std::string::npos);
        QVERIFY(refusalOf(envelope(file("f", "x"),
                                   "<Disk diskId='d' fileRef='f' capacity='1' parentRef='e'/>", ""))
                    .find("changes") != std::string::npos);
    }
    void entitiesAreRefused()
    {
        std::string bomb = "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
                           "<!ENTITY b '&a;&a;&a;&a;&a;&a;'>"
                           "<!ENTITY c SYSTEM 'file:///etc/passwd'>]>";
        QVERIFY(refusalOf(bomb + "<Envelope>&b;&c;</Envelope>").find("document type") !=
                std::string::npos);
        // Without a declaration it is text like any other.
        const auto result = parseOvf(std::string(kHead) + "<VirtualSystem><Name>&c;</Name>"
                                                          "</VirtualSystem></Envelope>");
        QVERIFY(result.has_value());
        QCOMPARE(result->name, std::string("&c;"));
    }
    void sizeAndDepthAreBounded()
    {
        QVERIFY(refusalOf(std::string(kMaxOvfBytes + 1, ' ')).find("too long") !=
                std::string::npos);
        std::string deep;
        while (deep.size() < kMaxOvfBytes - 10)
            deep += "<a>";
        QVERIFY(refusalOf(deep) != "accepted");
        QVERIFY(refusalOf("") != "accepted");
        QVERIFY(refusalOf("<html/>").find("not that of an appliance") != std::string::npos);
        std::string many;
        std::string files;
        for (int i = 0; i < 40; ++i) {
            files += file("f" + std::to_string(i), "x" + std::to_string(i));
            many += disk("d" + std::to_string(i), "f" + std::to_string(i));
        }
        QVERIFY(refusalOf(envelope(files, many, "")).find("more than 16 disks") !=
                std::string::npos);
    }
    void unitsAreUnderstood()
    {
        QCOMPARE(bytesPerUnit("byte"), uint64_t{1});
        QCOMPARE(bytesPerUnit("byte * 2^20"), uint64_t{1} << 20);
        QCOMPARE(bytesPerUnit("byte*1024*1024"), uint64_t{1} << 20);
        QCOMPARE(bytesPerUnit("byte * 10^9"), uint64_t{1000000000});
        QCOMPARE(bytesPerUnit("MegaBytes"), uint64_t{1} << 20);
        QCOMPARE(bytesPerUnit("GB"), uint64_t{1} << 30);
        for (const char* nonsense : {"", "hertz", "byte *", "byte * 2^64", "byte * 2^20 * 2^60",
                                     "byte * 0", "byte * x", "byte * 2^", "byte * ^2", "byte * -1"})
            QVERIFY2(bytesPerUnit(nonsense) == 0, nonsense);
    }
    void manifestsAreRead()
    {
        const std::string sum(64, 'a');
        const auto manifest = parseManifest(
            "SHA256(a b.ovf)= " + sum + "\r\n\nSHA1 (x(1).vmdk) = " + std::string(40, 'B') + "\n");
        QVERIFY2(manifest.has_value(), manifest ? "" : manifest.error().sentence().c_str());
        QCOMPARE(manifest->size(), size_t{2});
        QVERIFY(manifest->contains("a b.ovf") && manifest->contains("x(1).vmdk"));
        QVERIFY(parseManifest("")->empty());
        for (const std::string& bad :
             {"SHA256(a)= " + sum.substr(1), "SHA256(a)= " + sum + "0", "SHA256(a " + sum,
              "SHA3(a)= " + sum, "SHA256(a) " + sum, "SHA256(a)=" + std::string(64, 'x'),
              "SHA256(a)=" + sum + "\nSHA256(a)=" + sum, std::string("nonsense"),
              std::string(")(=")})
            QVERIFY2(!parseManifest(bad).has_value(), bad.c_str());
    }
    void sumsAreOfTheContent()
    {
        // FIPS 180-4: the sums of "abc".
        const auto manifest = parseManifest(
            "SHA1(1)=a9993e364706816aba3e25717850c26c9cd0d89d\n"
            "SHA256(2)=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n");
        QVERIFY(manifest.has_value());
        for (const auto& [name, sum] : *manifest) {
            Summing right(&sum);
            right.add(std::as_bytes(std::span("ab", 2)));
            right.add(std::as_bytes(std::span("c", 1)));
            QVERIFY(right.matches());
            Summing wrong(&sum);
            wrong.add(std::as_bytes(std::span("abd", 3)));
            QVERIFY(!wrong.matches());
        }
    }
};

QTEST_GUILESS_MAIN(OvfTest)
#include "ovf_test.moc"
