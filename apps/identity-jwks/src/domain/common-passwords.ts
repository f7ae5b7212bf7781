/**
 * What people take first when twelve characters are asked for, in lower case and without the digits and signs that they
 * put around it: heads of the lists of leaked passwords, keyboard rows, names of what this product stands beside.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  password passwort passwd pass passcode passphrase motdepasse contrasena senha parola admin administrator
  adminadmin root rootroot superuser superadmin sysadmin webmaster operator manager welcome welcometo letmein
  letmeinnow login signin logmein access accessdenied opensesame changeme changemenow changethis default
  temporary temppass newpassword mypassword yourpassword nopassword thepassword secretpassword secret topsecret
  secrets mysecret private guest guestguest user username testuser test testing testtest tester demo example
  sample qwerty qwertyuiop qwertz qwertzuiop azerty azertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc
  qweasd qweasdzxc qwertyasdfgh qwertyuiopasdfghjkl asdfasdf asdfjkl poiuytrewq lkjhgfdsa mnbvcxz qwertyqwerty
  iloveyou iloveu loveyou loveme ilovemyself iloveyousomuch iloveyouforever love lovely sweetheart darling
  princess princessa prince queen king angel angels babygirl babyboy baby honey sunshine rainbow flower
  butterfly dragon dragonball monkey tiger lion eagle panther wolf bear horse kitten puppy mickey mickeymouse
  minnie pokemon pikachu naruto superman batman spiderman ironman wonderwoman starwars starwar startrek matrix
  hogwarts harrypotter gandalf frodo football soccer baseball basketball hockey tennis golf liverpool chelsea
  arsenal barcelona realmadrid juventus manchester manchesterunited cowboys yankees lakers redsox steelers
  packers raiders eagles michael michelle jessica jennifer jordan daniel andrew joshua matthew ashley amanda
  nicole thomas robert william charlie george hannah samantha elizabeth victoria maria jesus jesuschrist christ
  godisgood godislove blessed heaven faith trustnoone trustnoi computer internet server database network windows
  microsoft google facebook youtube apple samsung android iphone linux ubuntu debian oracle mysql postgres
  postgresql redis mongodb elastic docker kubernetes jenkins gitlab github cisco vmware security firewall summer
  winter spring autumn january february march april june july august september october november december monday
  tuesday wednesday thursday friday saturday sunday summertime springtime wintertime company companyname
  business office corporate enterprise production staging development developer support helpdesk service
  services master masterkey mastermind masterpassword hunter shadow killer ninja pirate warrior maverick phoenix
  legend hacker freedom forever whatever nothing everything something cheese cookie chocolate banana orange
  pepper ginger peanut coffee whiskey correcthorsebatterystaple correcthorse thisisapassword thisismypassword
  ihatepasswords iforgot iforgotmypassword idontknow america american canada england london france paris germany
  berlin italy india australia mexico brasil california texas newyork behavry behavryadmin behavrypassword agent
  agents openai chatgpt anthropic claude gemini ollama abc abcabc abcd abcdef abcdefg abcdefgh abcdefghijkl
  aabbcc aaabbb aqzsed qaz wsx passwordpassword adminpassword rootpassword userpassword welcomehome goodmorning
  goodluck helloworld hello hellohello hellokitty
`
    .trim()
    .split(/\s+/),
);
