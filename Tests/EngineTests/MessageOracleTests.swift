import Commands
import Engine
import Primitives
import TestSupport
import Testing

/// What a client asks for.
private enum Action {
    case push(String, [String], toHead: Bool)
    /// Waits this many milliseconds; 0: for ever.
    case pop([String], fromHead: Bool, timeout: Int)
    case publish(String, String)
    case increment(String)
    case expire(String, milliseconds: Int)
    case delete(String)

    var words: [String] {
        switch self {
        case .push(let key, let values, let toHead): [toHead ? "LPUSH" : "RPUSH", key] + values
        case .pop(let keys, let fromHead, let timeout): [fromHead ? "BLPOP" : "BRPOP"] + keys + ["\(Double(timeout) / 1000)"]
        case .publish(let channel, let message): ["PUBLISH", channel, message]
        case .increment(let key): ["INCR", key]
        case .expire(let key, let time): ["PEXPIRE", key, "\(time)"]
        case .delete(let key): ["DEL", key]
        }
    }
}

/// What all clients together must see: the data, who waits, and in `inboxes` what each
/// client gets, replies and pushes in their order.
private struct World {
    struct Waiter {
        let client: Int
        let keys: [String]
        let fromHead: Bool
        let deadline: Int64?
    }

    var now: Int64 = 0
    private(set) var lists: [String: [String]] = [:]
    private(set) var counters: [String: Int64] = [:]
    private var expiries: [String: Int64] = [:]
    private(set) var waiters: [Waiter] = []
    /// Subscribers by channel; those of the one pattern, `ch*`, under its name.
    private var subscribers: [String: Set<Int>] = [:]
    private var watched: [Int: Set<String>] = [:]
    private var dirty: Set<Int> = []
    private(set) var queues: [Int: [Action]] = [:]
    /// What clients sent behind a request that made them wait.
    private var backlogs: [Int: Action] = [:]
    private var awoken: [Int] = []
    var inboxes: [Int: [Reply]] = [:]
    /// Of the unit under way: keys that were filled, pushes to the client that is served.
    private var touched: [String] = []
    private var served: Int?
    private var held: [Reply] = []

    static let pattern = "ch*"

    func isWaiting(_ client: Int) -> Bool { waiters.contains { $0.client == client } }

    // MARK: Requests

    /// A request by a client that does not wait; `behind`: what it has sent with it.
    mutating func ask(_ action: Action, _ client: Int, behind: Action? = nil) {
        if queues[client] != nil {
            queues[client]?.append(action)
            tell(client, "QUEUED")
        } else {
            unit(of: client) { world in
                if let reply = world.perform(action) { return reply }
                guard case .pop(let keys, let fromHead, let timeout) = action else { return nil }
                let deadline = timeout == 0 ? nil : world.now + Int64(timeout)
                world.waiters.append(Waiter(client: client, keys: keys, fromHead: fromHead, deadline: deadline))
                return nil
            }
        }
        guard let behind else { return }
        if isWaiting(client) { backlogs[client] = behind } else { ask(behind, client) }
    }

    mutating func multi(_ client: Int) {
        queues[client] = []
        tell(client, "OK")
    }

    mutating func exec(_ client: Int) {
        let queue = queues.removeValue(forKey: client) ?? []
        let isDirty = dirty.contains(client)
        unwatch(client)
        unit(of: client) { world in
            isDirty ? .null : .array(queue.map { world.perform($0) ?? .null })
        }
    }

    mutating func discard(_ client: Int) {
        queues[client] = nil
        unwatch(client)
        tell(client, "OK")
    }

    mutating func watch(_ key: String, _ client: Int) {
        watched[client, default: []].insert(key)
        tell(client, "OK")
    }

    mutating func subscribe(_ client: Int, to name: String, ends: Bool) {
        if ends { subscribers[name]?.remove(client) } else { subscribers[name, default: []].insert(client) }
        let count = subscribers.values.count { $0.contains(client) }
        let word = (name == World.pattern ? "p" : "") + (ends ? "unsubscribe" : "subscribe")
        tell(client, .push([Reply(word), Reply(name), .integer(Int64(count))]))
    }

    // MARK: Other ways to go on

    /// A client that waits is told that there is nothing.
    mutating func giveUp(_ client: Int) { answer(client, .null) }

    mutating func vanish(_ client: Int) {
        waiters.removeAll { $0.client == client }
        for name in subscribers.keys { subscribers[name]?.remove(client) }
        unwatch(client)
        (queues[client], backlogs[client], inboxes[client]) = (nil, nil, nil)
        awoken.removeAll { $0 == client }
    }

    mutating func pass(to moment: Int64) {
        now = moment
        for key in expiries.filter({ $0.value <= moment }).keys { remove(key) }
        for waiter in waiters where (waiter.deadline ?? .max) <= moment { giveUp(waiter.client) }
    }

    /// Those who were answered go on with what they have sent meanwhile.
    mutating func resume() {
        while !awoken.isEmpty {
            let client = awoken.removeFirst()
            if let action = backlogs.removeValue(forKey: client) { ask(action, client) }
        }
    }

    // MARK: Inside

    private mutating func tell(_ client: Int, _ message: Reply) { inboxes[client, default: []].append(message) }

    private mutating func unit(of client: Int, _ body: (inout World) -> Reply?) {
        served = client
        if let reply = body(&self) { tell(client, reply) }
        served = nil
        for message in held { tell(client, message) }
        held = []
        serveWaiters()
    }

    /// The reply; nil when there is nothing yet.
    private mutating func perform(_ action: Action) -> Reply? {
        switch action {
        case .push(let key, let values, let toHead):
            for value in values { lists[key, default: []].insert(value, at: toHead ? 0 : lists[key]?.count ?? 0) }
            change(key)
            if !touched.contains(key) { touched.append(key) }
            return .integer(Int64(lists[key]?.count ?? 0))
        case .pop(let keys, let fromHead, _): return pop(keys, fromHead)
        case .publish(let channel, let message): return publish(channel, message)
        case .increment(let key):
            counters[key, default: 0] += 1
            change(key)
            return .integer(counters[key] ?? 0)
        case .expire(let key, let time):
            guard lists[key] != nil || counters[key] != nil else { return 0 }
            expiries[key] = now + Int64(time)
            change(key)
            return 1
        case .delete(let key):
            guard lists[key] != nil || counters[key] != nil else { return 0 }
            remove(key)
            return 1
        }
    }

    private mutating func pop(_ keys: [String], _ fromHead: Bool) -> Reply? {
        guard let key = keys.first(where: { lists[$0] != nil }), var list = lists[key] else { return nil }
        let value = fromHead ? list.removeFirst() : list.removeLast()
        if list.isEmpty { remove(key) } else { lists[key] = list }
        change(key)
        return .array([Reply(key), Reply(value)])
    }

    private mutating func publish(_ channel: String, _ message: String) -> Reply {
        let direct = subscribers[channel] ?? []
        let matching = channel.hasPrefix("ch") ? subscribers[World.pattern] ?? [] : []
        for client in direct { push(client, [Reply("message"), Reply(channel), Reply(message)]) }
        for client in matching { push(client, [Reply("pmessage"), Reply(World.pattern), Reply(channel), Reply(message)]) }
        return .integer(Int64(direct.count + matching.count))
    }

    private mutating func push(_ client: Int, _ words: [Reply]) {
        if client == served { held.append(.push(words)) } else { tell(client, .push(words)) }
    }

    private mutating func serveWaiters() {
        for key in touched {
            for waiter in waiters where waiter.keys.contains(key) {
                guard lists[key] != nil, let reply = pop(waiter.keys, waiter.fromHead) else { break }
                answer(waiter.client, reply)
            }
        }
        touched = []
    }

    private mutating func answer(_ client: Int, _ reply: Reply) {
        waiters.removeAll { $0.client == client }
        tell(client, reply)
        if backlogs[client] != nil { awoken.append(client) }
    }

    private mutating func remove(_ key: String) {
        (lists[key], counters[key], expiries[key]) = (nil, nil, nil)
        change(key)
    }

    private mutating func change(_ key: String) {
        for (client, keys) in watched where keys.contains(key) { dirty.insert(client) }
    }

    private mutating func unwatch(_ client: Int) {
        watched[client] = nil
        dirty.remove(client)
    }
}

extension Reply {
    fileprivate init(_ text: String) { self = .bulk([UInt8](text)) }
}

/// Clients that push, wait, subscribe, publish and run transactions over keys that
/// expire, under a clock that the test moves: every client gets exactly what it should,
/// in order, once.
@Suite struct MessageOracleTests {
    private final class Run {
        var random: RandomGenerator
        let server: TestServer
        let replica: TestServer
        let link: TestClient
        var clients: [TestClient] = []
        /// What CLIENT ID says of them.
        var numbers: [Int64] = []
        var world = World()
        var nextValue = 0

        init(seed: UInt64) {
            random = RandomGenerator(seed: seed)
            server = TestServer(seed: seed)
            replica = TestServer(seed: seed + 1)
            link = replica.connect()
            server.recordEffects()
            for _ in 0..<16 {
                let client = connect()
                clients.append(client.client)
                numbers.append(client.number)
            }
        }

        private func connect() -> (client: TestClient, number: Int64) {
            let client = server.connect()
            client("HELLO", "3")
            return (client, client("CLIENT", "ID").integerValue ?? 0)
        }

        func send(_ client: Int, _ requests: [String]...) {
            clients[client].send(requests.flatMap { TestClient.encode($0.map { [UInt8]($0) }) })
        }

        // MARK: What may happen

        private func listKey() -> String { ["a", "b", "c"][random.below(3)] }
        private func anyKey() -> String { ["a", "b", "c", "n", "m"][random.below(5)] }

        private func fresh() -> String {
            nextValue += 1
            return "v\(nextValue)"
        }

        private func action() -> Action {
            switch random.below(14) {
            case 0...3: .push(listKey(), (0...random.below(3)).map { _ in fresh() }, toHead: random.below(2) == 0)
            case 4...7:
                .pop((0...random.below(2)).map { _ in listKey() }, fromHead: random.below(2) == 0,
                     timeout: random.below(3) == 0 ? 0 : 1 + random.below(300))
            case 8, 9: .publish(["ch1", "ch2", "other"][random.below(3)], fresh())
            case 10, 11: .increment(["n", "m"][random.below(2)])
            case 12: .expire(anyKey(), milliseconds: 1 + random.below(150))
            default: .delete(anyKey())
            }
        }

        func act(_ client: Int) {
            let action = action()
            // Now and then a second request comes before the first is answered.
            if random.below(4) == 0 {
                let behind = self.action()
                world.ask(action, client, behind: behind)
                send(client, action.words, behind.words)
            } else {
                world.ask(action, client)
                send(client, action.words)
            }
        }

        func transact(_ client: Int) {
            if world.queues[client] == nil {
                world.multi(client)
                send(client, ["MULTI"])
            } else if random.below(6) == 0 {
                world.discard(client)
                send(client, ["DISCARD"])
            } else {
                world.exec(client)
                send(client, ["EXEC"])
            }
        }

        func subscribe(_ client: Int) {
            guard world.queues[client] == nil else { return act(client) }
            let name = ["ch1", "ch2", "other", World.pattern][random.below(4)]
            let ends = random.below(3) == 0
            world.subscribe(client, to: name, ends: ends)
            send(client, [(name == World.pattern ? "P" : "") + (ends ? "UNSUBSCRIBE" : "SUBSCRIBE"), name])
        }

        func watch(_ client: Int) {
            guard world.queues[client] == nil else { return act(client) }
            let key = anyKey()
            world.watch(key, client)
            send(client, ["WATCH", key])
        }

        /// A client vanishes, or one that waits is sent on its way by an administrator.
        func disturb() {
            if random.below(2) == 0 {
                let client = random.below(clients.count)
                clients[client].disconnect()
                world.vanish(client)
                (clients[client], numbers[client]) = connect()
            } else if !world.waiters.isEmpty {
                let client = world.waiters[random.below(world.waiters.count)].client
                #expect(server.connect()("CLIENT", "UNBLOCK", "\(numbers[client])") == 1)
                world.giveUp(client)
            }
        }

        func pass() {
            let time = Int64(1 + random.below(80))
            server.advance(milliseconds: time)
            world.pass(to: world.now + time)
            server.engine.serveDeadlines()
            if random.below(2) == 0 { server.cycle() }
        }

        func step() {
            let client = random.below(clients.count)
            switch random.below(20) {
            case 0...2: pass()
            case 3: disturb()
            case _ where world.isWaiting(client): break
            case 4...6: transact(client)
            case 7, 8: subscribe(client)
            case 9: watch(client)
            default: act(client)
            }
            while server.engine.hasYielded { server.engine.resumeYielded() }
            world.resume()
        }

        func checkInboxes(_ step: Int) -> Bool {
            var isRight = true
            for (index, client) in clients.enumerated() {
                var got: [Reply] = []
                while case let reply = client.nextReply(), reply != .none { got.append(reply) }
                let expected = world.inboxes[index] ?? []
                guard got != expected else { continue }
                Issue.record("step \(step), client \(index): got \(got), expected \(expected)")
                isRight = false
            }
            world.inboxes = [:]
            return isRight
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func everybodyGetsWhatIsDue(seed: UInt64) {
        let run = Run(seed: seed)
        for step in 0..<3000 {
            run.step()
            guard run.checkInboxes(step) else { return }
        }
        run.server.engine.context.checkKeyspace()
        let reader = run.server.connect()
        for key in ["a", "b", "c"] {
            #expect(reader("LRANGE", key, "0", "-1") == .array((run.world.lists[key] ?? []).map { Reply.bulk([UInt8]($0)) }))
        }
        for key in ["n", "m"] {
            #expect(reader("GET", key) == (run.world.counters[key].map { Reply.bulk([UInt8]("\($0)")) } ?? .null))
        }
        run.link.send(run.server.engine.context.journal.takePending().array)
        let found = differences(run.server.digest, run.replica.digest)
        #expect(found.isEmpty, "the effects lead to the same data: \(found)")
    }
}
