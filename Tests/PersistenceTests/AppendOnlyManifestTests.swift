import Persistence
import Primitives
import Testing

@Suite struct AppendOnlyManifestTests {
    private let prefix = [UInt8]("appendonly.aof".utf8)

    private func text(_ manifest: AppendOnlyManifest) -> String { String(decoding: manifest.text, as: UTF8.self) }

    /// The damage of a manifest with this text: its line and what is wrong.
    private func damage(_ text: String) -> String? {
        do throws(AppendOnlyManifest.Damage) {
            _ = try AppendOnlyManifest([UInt8](text.utf8))
            return nil
        } catch {
            return "\(error.line) \(error.text)"
        }
    }

    @Test func aLifeOfRewrites() {
        var manifest = AppendOnlyManifest()
        #expect(manifest.replaceBase(prefix: prefix, isSnapshot: true).name == Array("appendonly.aof.1.base.rdb".utf8))
        #expect(manifest.addIncrement(prefix: prefix).name == Array("appendonly.aof.1.incr.aof".utf8))
        #expect(text(manifest) == "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n")
        for _ in 0..<2 {
            _ = manifest.addIncrement(prefix: prefix)
            _ = manifest.replaceBase(prefix: prefix, isSnapshot: false)
            manifest.retireIncrements(keeping: 1)
        }
        #expect(
            text(manifest) == """
                file appendonly.aof.3.base.aof seq 3 type b
                file appendonly.aof.2.incr.aof seq 2 type h
                file appendonly.aof.2.base.aof seq 2 type h
                file appendonly.aof.1.incr.aof seq 1 type h
                file appendonly.aof.1.base.rdb seq 1 type h
                file appendonly.aof.3.incr.aof seq 3 type i

                """)
    }

    @Test func whatIsWrittenReadsBack() throws {
        for name in ["a.aof", " file seq \n\n.aof ", "\"quoted'\\", "\u{1}\u{ff}ü"] {
            var manifest = AppendOnlyManifest()
            manifest.adoptBase(named: Array(name.utf8))
            for _ in 0..<3 { _ = manifest.addIncrement(prefix: Array(name.utf8)) }
            manifest.retireIncrements(keeping: 2)
            var again = try AppendOnlyManifest(manifest.text)
            #expect(again.base == manifest.base && again.increments == manifest.increments && again.history == manifest.history)
            #expect(again.addIncrement(prefix: prefix).sequence == 4)
        }
    }

    @Test func noNameIsGivenTwice() throws {
        // Foreign names, which stand where the next ones would.
        var manifest = try AppendOnlyManifest([UInt8]("file p.2.incr.aof seq 1 type b\nfile p.2.base.aof seq 1 type i\n".utf8))
        #expect(manifest.addIncrement(prefix: [UInt8]("p".utf8)).name == [UInt8]("p.3.incr.aof".utf8))
        #expect(manifest.replaceBase(prefix: [UInt8]("p".utf8), isSnapshot: false).name == [UInt8]("p.3.base.aof".utf8))
        _ = try AppendOnlyManifest(manifest.text)
    }

    @Test func damages() {
        #expect(damage("") == "0 Found an empty AOF manifest")
        let base = "file a.1.base.aof seq 1 type b\n"
        let increment = "file a.1.incr.aof seq 1 type i\n"
        #expect(damage("# remark\n" + base + increment) == nil)
        #expect(damage(base + "file a seq 1 type i new value\n") == nil)
        #expect(damage(base + "\n" + increment) == "2 Invalid AOF manifest file format")
        #expect(damage(base + base) == "2 Found duplicate base file information")
        #expect(damage(increment + increment) == "2 Found a non-monotonic sequence number")
        #expect(damage(base + "file a.1.base.aof seq 1 type i\n") == "2 Found the same file twice")
        #expect(damage(base + increment + "file a.1.incr.aof seq 1 type h\n") == "3 Found the same file twice")
        #expect(damage("file a seq 1 type x\n") == "1 Unknown AOF file type")
        for line in ["filx a seq 1 type b", "file a type i", "file a seq 1 type i odd", "file \"a seq 1 type i", "file a seq 0 type i"] {
            #expect(damage(line + "\n") == "1 Invalid AOF manifest file format", "\(line)")
        }
        #expect(damage("file ../a seq 1 type b\n") == "1 File can't be a path, just a filename")
        #expect(damage("file a seq 1 type b") == "1 The AOF manifest file contains too long line")
        #expect(damage("file \(String(repeating: "a", count: 1100)) seq 1 type b\n") == "1 The AOF manifest file contains too long line")
        #expect(damage("file a seq 99999999999999999999 type b\n") == "1 Invalid AOF manifest file format")
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func nonsenseIsReadOrRefused(seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        let whole = [UInt8]("# x\nfile \"a b\" seq 9223372036854775807 type b\nfile c seq 2 type h\nfile d seq 3 type i\n".utf8)
        for _ in 0..<500 {
            var bytes = whole
            for _ in 0...random.below(4) {
                let place = random.below(bytes.count)
                switch random.below(3) {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                default: bytes.insert([10, 32, 34, 48, 57, 92][random.below(6)], at: place)
                }
            }
            guard var manifest = try? AppendOnlyManifest(bytes) else { continue }
            // The greatest number has no successor; nothing else may go wrong.
            _ = manifest.addIncrement(prefix: prefix)
            _ = manifest.replaceBase(prefix: prefix, isSnapshot: true)
            manifest.retireIncrements(keeping: 1)
            #expect(manifest.increments.count == 1, "seed \(seed)")
        }
    }
}
