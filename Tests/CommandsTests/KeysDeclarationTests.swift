import Commands
import Engine
import Primitives
import TestSupport
import Testing

/// The facts that COMMAND INFO and COMMAND DOCS of Redis 7.0.15 tell about the
/// generic commands: arity, flags, categories, key flags, first version.
@Suite struct KeysDeclarationTests {
    static let facts = """
        expire -3 write,fast keyspace,write,fast RW+update 1.0.0
        pexpire -3 write,fast keyspace,write,fast RW+update 2.6.0
        expireat -3 write,fast keyspace,write,fast RW+update 1.2.0
        pexpireat -3 write,fast keyspace,write,fast RW+update 2.6.0
        ttl 2 readonly,fast keyspace,read,fast RO+access 1.0.0
        pttl 2 readonly,fast keyspace,read,fast RO+access 2.6.0
        expiretime 2 readonly,fast keyspace,read,fast RO+access 7.0.0
        pexpiretime 2 readonly,fast keyspace,read,fast RO+access 7.0.0
        persist 2 write,fast keyspace,write,fast RW+update 2.2.0
        del -2 write keyspace,write,slow RM+delete 1.0.0
        unlink -2 write,fast keyspace,write,fast RM+delete 4.0.0
        exists -2 readonly,fast keyspace,read,fast RO 1.0.0
        touch -2 readonly,fast keyspace,read,fast RO 3.2.1
        type 2 readonly,fast keyspace,read,fast RO 1.0.0
        rename 3 write keyspace,write,slow RW+access+delete,OW+update 1.0.0
        renamenx 3 write,fast keyspace,write,fast RW+access+delete,OW+insert 1.0.0
        copy -3 write,denyoom keyspace,write,slow RO+access,OW+update 6.2.0
        move 3 write,fast keyspace,write,fast RW+access+update 1.0.0
        swapdb 3 write,fast keyspace,write,fast,dangerous - 4.0.0
        keys 2 readonly keyspace,read,slow,dangerous - 1.0.0
        scan -2 readonly keyspace,read,slow - 2.8.0
        randomkey 1 readonly keyspace,read,slow - 1.0.0
        dbsize 1 readonly,fast keyspace,read,fast - 1.0.0
        flushdb -1 write keyspace,write,slow,dangerous - 1.0.0
        flushall -1 write keyspace,write,slow,dangerous - 1.0.0
        object -2 - slow - 2.2.3
        object|encoding 3 readonly keyspace,read,slow RO 2.2.3
        object|freq 3 readonly keyspace,read,slow RO 4.0.0
        object|help 2 loading,stale keyspace,slow - 6.2.0
        object|idletime 3 readonly keyspace,read,slow RO 2.2.3
        object|refcount 3 readonly keyspace,read,slow RO 2.2.3
        """

    private static func line(_ name: String, _ declaration: CommandDeclaration) -> String {
        func list(_ names: [String], _ separator: String = ",") -> String {
            names.isEmpty ? "-" : names.joined(separator: separator)
        }
        let flags = CommandFlags.names.filter { declaration.flags.contains($0.0) }.map { "\($0.1)" }
        let categories = CommandCategories.names.filter { declaration.allCategories.contains($0.0) }.map { "\($0.1)" }
        let keys = declaration.keys.map { key in
            KeyFlags.names.filter { key.flags.contains($0.0) }.map { "\($0.1)" }.joined(separator: "+")
        }
        return "\(name) \(declaration.arity) \(list(flags)) \(list(categories)) \(list(keys)) \(declaration.since)"
    }

    @Test func facts() {
        var told: [String: String] = [:]
        for declaration in Keys.declarations {
            told["\(declaration.name)"] = Self.line("\(declaration.name)", declaration)
            for sub in declaration.subcommands {
                told["\(declaration.name)|\(sub.name)"] = Self.line("\(declaration.name)|\(sub.name)", sub)
            }
        }
        for fact in Self.facts.split(separator: "\n").map(String.init) {
            #expect(told.removeValue(forKey: fact.split(separator: " ").first.map(String.init) ?? "") == fact)
        }
        #expect(told.isEmpty)
    }

    @Test func everythingIsDocumented() {
        for declaration in Keys.declarations + Keys.declarations.flatMap(\.subcommands) {
            let summary = "\(declaration.summary)"
            #expect(summary.hasSuffix(".") && summary.split(separator: ".").count == 1, "\(declaration.name)")
            // No operand, no syntax; operands, syntax.
            #expect((declaration.arity == 1 || declaration.name.description == "help" || !declaration.subcommands.isEmpty)
                == "\(declaration.syntax)".isEmpty, "\(declaration.name)")
        }
    }

    /// The stream for comparing servers brings every command, and all of them end.
    @Test(arguments: [1, 4]) func generatedStream(partitions: Int) {
        let server = KeysFixture.server(partitionCount: partitions)
        let client = server.connect()
        var random = RandomGenerator(seed: 7)
        var names: Set<String> = []
        for step in 0..<5000 {
            if step % 5 == 0 { client("SET", "k\(random.below(7))", "\(step)") }
            let words = KeyGenerator.command(&random)
            names.insert(String(decoding: words[0], as: UTF8.self).lowercased())
            #expect(client.run(words) != .none)
        }
        for declaration in Keys.declarations where "\(declaration.name)" != "randomkey" {
            #expect(names.contains("\(declaration.name)"))
        }
        server.engine.context.checkKeyspace()
    }
}
